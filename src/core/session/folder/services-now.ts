import { join } from 'node:path';
import * as z from 'zod';
import { plainJson } from '../../kernel/files/plain-file.ts';
import type { ProcessIdentity } from '../../kernel/processes/host.ts';
import type { SessionPaths } from '../layout/paths.ts';
import type { SessionView } from './session-view.ts';

/** The services of a session's application and INIT, as its worker last saw them; `services/now.json`. */
export const ServicesNow = z.object({
  v: z.literal(1),
  at: z.iso.datetime(),
  /** The worker that wrote it: nothing runs once it has gone. */
  worker: z.int(),
  /** Its start, since a later process may have its number; absent from earlier versions. */
  startTicks: z.string().optional(),
  services: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['starting', 'ready', 'failed', 'ended']),
      port: z.int().optional(),
      /** Why it failed or ended. */
      said: z.string().optional(),
    }),
  ),
  /** The address that a person opens, once its service is ready. */
  url: z.string().optional(),
});
export type ServicesNow = z.infer<typeof ServicesNow>;

/** @returns undefined if no service has run */
export async function readServicesNow(
  paths: Pick<SessionPaths, 'services'>,
): Promise<ServicesNow | undefined> {
  return await plainJson(join(paths.services, 'now.json'), ServicesNow);
}

/** What the living worker of a session has written about its services; undefined if an earlier one wrote it. */
export async function servicesOfWorker({
  paths,
  worker,
  lease,
}: Pick<SessionView, 'paths' | 'worker' | 'lease'>): Promise<ServicesNow | undefined> {
  if (worker !== 'alive') return undefined;
  const now = await readServicesNow(paths);
  return now && lease && isWriterOf(now, lease.owner) ? now : undefined;
}

/** Whether a process is the worker that wrote this. */
export function isWriterOf(
  { worker, startTicks }: ServicesNow,
  process: Pick<ProcessIdentity, 'pid' | 'startTicks'> | undefined,
): boolean {
  return worker === process?.pid && (startTicks === undefined || startTicks === process.startTicks);
}

/** The services that run for a person while no agent works. */
export async function heldServices(
  view: Pick<SessionView, 'paths' | 'worker' | 'lease' | 'state'>,
): Promise<ServicesNow | undefined> {
  return view.state.servicesUp && (await servicesOfWorker(view));
}
