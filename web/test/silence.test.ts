import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Silence } from '../src/silence';

test('a second without any packet, where some went out, is silence, counted from the last packet', () => {
  const s = new Silence();
  assert.equal(s.look({ sent: 10, received: 10 }, 5000), 0);
  assert.equal(s.look({ sent: 20, received: 11 }, 5100), 0);
  assert.equal(s.look({ sent: 30, received: 11 }, 6000), 0);
  assert.equal(s.look({ sent: 40, received: 11 }, 6150), 1050);
  assert.equal(s.look({ sent: 50, received: 12 }, 6200), 0, 'it speaks again');
});

test('where nothing went out nothing has to come in', () => {
  const s = new Silence();
  s.look({ sent: 10, received: 10 }, 0);
  assert.equal(s.look({ sent: 10, received: 10 }, 60_000), 0);
});
