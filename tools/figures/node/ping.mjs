// The same JSON ping by LiveKit's own Node SDK: a runner and an echo in one process, as
// rtcbench does it. Each line on standard input asks for one ping; each line on standard output
// is its round trip in milliseconds.
import { createInterface } from 'node:readline';
import { Room, RoomEvent, dispose } from '@livekit/rtc-node';

const [url, runnerToken, echoToken] = process.argv.slice(2);
const connect = async (token) => {
  const room = new Room();
  await room.connect(url, token, { autoSubscribe: false, dynacast: false });
  return room;
};
const [echo, runner] = [await connect(echoToken), await connect(runnerToken)];
const text = new TextEncoder(), read = new TextDecoder();

echo.on(RoomEvent.DataReceived, (payload) => {
  const received = Date.now();
  const ping = JSON.parse(read.decode(payload));
  if (ping.type !== 'ping') return;
  const pong = {
    type: 'pong', client_timestamp: ping.timestamp, server_receive_time: received, server_send_time: Date.now(),
    message_count: 1,
  };
  echo.localParticipant.publishData(text.encode(JSON.stringify(pong)), { reliable: true });
});

let pending;
runner.on(RoomEvent.DataReceived, (payload) => {
  const received = performance.now();
  const pong = JSON.parse(read.decode(payload));
  if (pong.type === 'pong' && pending?.timestamp === pong.client_timestamp) {
    console.log(received - pending.sent);
    pending = undefined;
  }
});

for await (const _ of createInterface({ input: process.stdin })) {
  const sent = performance.now();
  pending = { timestamp: performance.timeOrigin + sent, sent };
  const ping = JSON.stringify({ type: 'ping', timestamp: pending.timestamp });
  runner.localParticipant.publishData(text.encode(ping), { reliable: true });
}
await Promise.all([runner.disconnect(), echo.disconnect()]);
await dispose();
