import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { messageGate } from '../../../../src/app/server/message-gate.ts';

const request = (id: number, method: string): JSONRPCMessage => ({ jsonrpc: '2.0', id, method, params: {} });
const named = (message: JSONRPCMessage) => ('method' in message ? message.method : 'answer');

/** A gate, what it delivered, and what it waits for. */
function gate() {
  const delivered: string[] = [];
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const state = { isLoading: false };
  const pass = messageGate(
    (message) => delivered.push(named(message)),
    () => {
      state.isLoading = true;
      return promise;
    },
  );
  return { delivered, loaded: () => resolve(), state, pass };
}

test('a handshake is delivered before anything is loaded, and what follows it afterwards, in order', async () => {
  const { delivered, loaded, state, pass } = gate();
  pass(request(1, 'initialize'));
  expect(delivered).toEqual(['initialize']);
  expect(state.isLoading).toBe(false);
  pass({ jsonrpc: '2.0', method: 'notifications/initialized' });
  pass(request(2, 'tools/list'));
  pass(request(3, 'ping'));
  expect(delivered).toEqual(['initialize']);
  loaded();
  await new Promise(setImmediate);
  pass(request(4, 'tools/call'));
  expect(delivered).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'ping', 'tools/call']);
});

test('loading begins once a handshake has been answered', async () => {
  const { state, pass } = gate();
  pass(request(1, 'server/discover'));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(state.isLoading).toBe(true);
});

test('a connection that begins with another request waits until it can be answered', async () => {
  const { delivered, loaded, state, pass } = gate();
  pass(request(1, 'tools/list'));
  // A late handshake keeps its place.
  pass(request(2, 'initialize'));
  expect([state.isLoading, delivered]).toEqual([true, []]);
  loaded();
  await new Promise(setImmediate);
  expect(delivered).toEqual(['tools/list', 'initialize']);
});
