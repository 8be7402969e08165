import { leftOutOf } from '../../sandbox/programs/environment.ts';
import type { Worker } from './worker.ts';

/** The first sentence of a report about failed commands: variables that SETUP and CHECK did not get; usually empty. */
export async function leftOutBy(worker: Worker): Promise<string> {
  return leftOutOf(worker.env, (await worker.guard.variables()).filter);
}

export function afterLeftOut(leftOut: string, text: string): string {
  return leftOut === '' ? text : `${leftOut} ${text}`;
}
