import { SessionRecords } from '../core/kernel/files/session-records.ts';
import { type Host, systemHost } from '../core/kernel/processes/host.ts';

/** This machine, with the records of the sessions of this home's user: a session without one is foreign. */
export async function hostOf(home: string): Promise<Host> {
  return { ...(await systemHost()), records: new SessionRecords(home) };
}
