// A stand-in for Daily's call machine, for tests and calibration only. The real daily-js loads it in
// place of the real one and speaks with it as with that: messages of one window, in both directions.
// It relays app-messages over a WebSocket, as Daily does in SFU mode. {{BASE}} is the stand-in's server.
(() => {
  const base = '{{BASE}}';
  const daily = window._daily;

  function start(id) {
    const state = { local: { public: { id: '' }, streams: {} }, participants: {}, streams: {} };
    const people = {};
    let socket, me, left = false, topology = 'sfu';

    const emit = (action, fields, stamp) =>
      window.postMessage({ what: 'iframe-call-message', from: 'embedded', callClientId: id, action, ...fields, ...(stamp ? { callbackStamp: stamp } : {}) }, location.origin);
    const off = { state: 'off', off: { byUser: true }, subscribed: false };
    const person = (sid, name, local) => ({
      session_id: sid, user_id: sid, user_name: name, local, owner: false, record: false, permissions: { hasPresence: true, canSend: true, canReceive: {}, canAdmin: false },
      tracks: { audio: { ...off }, video: { ...off }, screenAudio: { ...off }, screenVideo: { ...off } },
    });
    const fail = (type, text, stamp) => {
      left = true;
      emit('error', { errorMsg: text, error: { type, msg: text, details: {} } }, stamp);
      socket?.close();
    };

    function connect(properties, again) {
      const room = new URL(properties.url).pathname.split('/').pop();
      const query = new URLSearchParams({ room, name: properties.userName ?? '', token: properties.token ?? '', again: again ? me : '' });
      socket = new WebSocket(`${base}/ws?${query}`);
      socket.onmessage = (e) => {
        const m = JSON.parse(e.data);
        switch (m.type) {
          case 'joined':
            me = m.id;
            topology = m.topology;
            state.local.public.id = me;
            emit('network-connection', { type: 'signaling', event: 'connected' });
            if (again) return;
            for (const p of m.others) people[p.id] = person(p.id, p.name, false);
            emit('network-connection', { type: 'sfu', event: 'connected', sfu_id: 'rtcbench-standin' });
            emit('meeting-session-summary-updated', { meetingSession: { id: m.session } });
            emit('joined-meeting', { participants: { local: person(me, properties.userName ?? '', true), ...people } });
            return;
          case 'waiting':
            return emit('network-connection', { type: 'signaling', event: 'connected' });
          case 'lobby':
            me = m.id;
            state.local.public.id = me;
            emit('network-connection', { type: 'signaling', event: 'connected' });
            emit('access-state-updated', { access: { level: 'lobby' }, awaitingAccess: { level: 'full' } });
            return emit('joined-meeting', { participants: { local: person(me, properties.userName ?? '', true) } });
          case 'app-msg':
            return emit('app-message', { data: m.data, fromId: m.from });
          case 'participant-joined':
            people[m.id] = person(m.id, m.name, false);
            return emit('participant-joined', { participant: people[m.id] });
          case 'participant-left': {
            const gone = people[m.id];
            delete people[m.id];
            return gone && emit('participant-left', { participant: gone });
          }
          case 'moved':
            return emit('network-connection', { type: 'sfu', event: 'connected', sfu_id: m.sfu });
          case 'error':
            return fail(m.error, m.text);
        }
      };
      socket.onclose = () => {
        if (left) return;
        emit('network-connection', { type: 'signaling', event: 'interrupted' });
        setTimeout(() => left || connect(properties, true), 500);
      };
    }

    window.addEventListener('message', (e) => {
      const m = e.data;
      if (m?.what !== 'iframe-call-message' || !m.action || (m.from && m.from !== 'module') || (m.callClientId && m.callClientId !== id) || m.callFrameId) return;
      const reply = (fields) => m.callbackStamp && emit(m.action, fields, m.callbackStamp);
      switch (m.action) {
        case 'join-meeting':
          left = false;
          return connect(m.properties, false);
        case 'app-msg':
          return socket.send(JSON.stringify({ type: 'app-msg', to: m.to, data: m.data }));
        case 'leave-meeting':
          left = true;
          socket?.close();
          return emit('left-meeting', {});
        case 'get-network-topology':
          return reply({ topology });
        case 'get-calc-stats':
          return reply({ stats: { latest: { timestamp: Date.now(), networkRoundTripTime: null } } });
        case 'get-meeting-session':
          return reply({ meetingSession: { id: 'standin' } });
        default:
          return reply({});
      }
    });
    daily.instances[id].callMachine = { store: { getState: () => state }, reset() { left = true; socket?.close(); } };
    emit('call-machine-initialized', {});
    emit('loaded', {});
  }

  for (const id of daily.pendings.splice(0)) start(id);
})();
