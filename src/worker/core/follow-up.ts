import type { NewEvent } from '../../session/events/events.ts';
import type { Work } from './command-outcome.ts';
import { lastingFailure, patiently } from './passing-errors.ts';
import type { Worker } from './worker.ts';

/**
 * Does the work that follows an accepted command, which can't be refused any more: what the machine does not let
 * be done costs nobody a worker. @returns what is to be told of that; nothing when all was done
 */
export async function followUp(worker: Worker, { after, undone }: Work): Promise<NewEvent[]> {
  if (after === undefined) return [];
  try {
    await patiently(worker.clock, 'the work of a command not done', after);
    return [];
  } catch (error) {
    const { code, message } = lastingFailure(worker, error, 'ask for it again');
    const text = `A command was accepted, but not all of it could be done. ${message}`;
    const notice: NewEvent = { type: 'notice', code, text, flow: text };
    return [notice, ...((await undone?.()) ?? [])];
  }
}
