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
    const wanted = new Set(); // whose audio is asked for
    let microphone = false, up, down, answering = Promise.resolve(), deny;

    const emit = (action, fields, stamp) =>
      window.postMessage({ what: 'iframe-call-message', from: 'embedded', callClientId: id, action, ...fields, ...(stamp ? { callbackStamp: stamp } : {}) }, location.origin);
    const off = { state: 'off', off: { byUser: true }, subscribed: false };
    const person = (sid, name, local) => ({
      session_id: sid, user_id: sid, user_name: name, local, owner: false, record: false, permissions: { hasPresence: true, canSend: deny !== 'send', canReceive: { base: deny !== 'receive' }, canAdmin: false },
      tracks: { audio: { ...off }, video: { ...off }, screenAudio: { ...off }, screenVideo: { ...off } },
    });
    const fail = (type, text, stamp) => {
      left = true;
      emit('error', { errorMsg: text, error: { type, msg: text, details: {} } }, stamp);
      socket?.close();
    };

    // Audio goes by a connection each way, as with mediasoup-client: we offer what we send, the server what we get.
    const say = (m) => socket?.readyState === WebSocket.OPEN && socket.send(JSON.stringify(m));
    const ours = () => daily.instances[id].tracks.audioTrack;
    const mine = () => ({ ...person(me, name, true), audio: !!up, tracks: { ...person(me, name, true).tracks, ...(up ? { audio: { state: 'playable', subscribed: true } } : {}) } });
    let name = '';
    const connection = () => new RTCPeerConnection({ iceServers: [], bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' });

    async function speak(on) {
      microphone = on;
      if (!me || !ours() || on === !!up) return;
      if (!on) {
        up.close();
        up = undefined;
        state.local.streams = {};
        return emit('participant-updated', { participant: mine() });
      }
      // The real one is said to load a worklet from a blob.
      const worklet = URL.createObjectURL(new Blob(['// nothing'], { type: 'text/javascript' }));
      try {
        await new OfflineAudioContext(1, 1, 48000).audioWorklet.addModule(worklet);
      } catch (e) {
        return fail('connection-error', `no worklet from a blob: ${e}`);
      }
      if (up || on !== microphone) return;
      up = connection();
      up.addTransceiver(ours(), { direction: 'sendonly' });
      await up.setLocalDescription(await up.createOffer());
      say({ type: 'produce', sdp: up.localDescription.sdp });
      state.local.streams = { cam: { stream: new MediaStream([ours()]) } };
      emit('participant-updated', { participant: mine() });
    }
    function listen(offer) {
      if (!down) {
        down = connection();
        down.ontrack = (e) => heard(e.streams[0].id, e.track);
      }
      answering = answering.then(async () => {
        await down.setRemoteDescription({ type: 'offer', sdp: offer });
        const answer = await down.createAnswer();
        // As mediasoup-client does for Opus: Chromium by itself asks for no lost packet of audio again.
        const nack = 'a=rtcp-fb:111 nack\r\n';
        if (offer.includes(nack)) answer.sdp = answer.sdp.replaceAll(/a=rtpmap:111 opus.*\r\n/g, `$&${nack}`);
        await down.setLocalDescription(answer);
        say({ type: 'consumed', sdp: down.localDescription.sdp });
      });
    }
    function heard(from, track) {
      const p = people[from];
      if (!p) return;
      state.streams[from] = { participantId: from, type: 'cam', starttime: Date.now(), pendingTrack: track };
      audioOf(from, { state: 'playable', subscribed: true });
    }
    function audioOf(from, audio) {
      const p = people[from];
      if (!p) return;
      people[from] = { ...p, audio: audio.state === 'playable', tracks: { ...p.tracks, audio } };
      emit('participant-updated', { participant: people[from] });
    }

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
            deny = m.deny;
            name = properties.userName ?? '';
            if (again && up) { up.close(); up = undefined; down?.close(); down = undefined; } // the server has none of it
            state.local.public.id = me;
            emit('network-connection', { type: 'signaling', event: 'connected' });
            if (again) {
              for (const from of wanted) say({ type: 'subscribe', from });
              return void speak(microphone);
            }
            for (const p of m.others) {
              people[p.id] = person(p.id, p.name, false);
              if (p.audio) people[p.id].tracks.audio = { state: 'sendable', subscribed: false };
            }
            emit('network-connection', { type: 'sfu', event: 'connected', sfu_id: 'rtcbench-standin' });
            emit('meeting-session-summary-updated', { meetingSession: { id: m.session } });
            emit('joined-meeting', { participants: { local: person(me, name, true), ...people } });
            return void speak(microphone);
          case 'producing':
            if (wanted.has(m.id)) say({ type: 'subscribe', from: m.id });
            return audioOf(m.id, { state: 'sendable', subscribed: false });
          case 'produced':
            return void up?.setRemoteDescription({ type: 'answer', sdp: m.sdp });
          case 'consume':
            return listen(m.sdp);
          case 'mute':
            return void speak(!m.muted);
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
            wanted.delete(m.id);
            delete state.streams[m.id];
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
          microphone = !m.properties.startAudioOff;
          return connect(m.properties, false);
        case 'app-msg':
          return socket.send(JSON.stringify({ type: 'app-msg', to: m.to, data: m.data }));
        case 'local-audio':
          return void speak(m.state);
        case 'update-participant':
          if (!m.properties.setSubscribedTracks?.audio || wanted.has(m.id)) return;
          wanted.add(m.id);
          return say({ type: 'subscribe', from: m.id });
        case 'leave-meeting':
          left = true;
          up?.close();
          down?.close();
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
