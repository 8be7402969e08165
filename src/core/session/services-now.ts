import { join } from 'node:path';
import * as z from 'zod';
import { plainJson } from '../kernel/files/plain-file.ts';
import type { SessionPaths } from './layout/paths.ts';

/** The services of a session's application, as its worker last saw them; `services/now.json`. */
export const ServicesNow = z.object({
  v: z.literal(1),
  at: z.iso.datetime(),
  /** The worker that wrote it: nothing runs once it has gone. */
  worker: z.int(),
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
