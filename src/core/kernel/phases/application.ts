import * as z from 'zod';
import { PHASE_NAMES } from './table.ts';

/** When services run: while SETUP, agents of these phases, and the checks of a proof run. */
export const SERVED_IN = ['setup', ...PHASE_NAMES, 'proof'] as const;
export type ServedIn = (typeof SERVED_IN)[number];

/** Of ports and services. Files are named after them, and a proof may come from anyone. */
export const APPLICATION_NAME = /^[a-z][a-z0-9_]{0,30}$/;
export const MOST_NAMES = 10;
// Each would change which programs run, or what the guard's own program loads.
const NOT_SETTABLE = /^(?:PATH|HOME|SAMOCODE_.*|(?:LD|DYLD)_.*)$/i;

export function isSettable(variable: string): boolean {
  return !NOT_SETTABLE.test(variable);
}

const ServiceLine = z.object({
  /** The service that listens on a port has its name. */
  name: z.string(),
  /** A line for the shell, which stays in the foreground. */
  command: z.string(),
});
export type ServiceLine = z.infer<typeof ServiceLine>;

/** An application that a repository needs around its agents and checks: ports, services, pages. As written in `.samocode`. */
export const Application = z.object({
  /** PORT is the first one. */
  ports: z.array(z.string()),
  /** In the order in which they start. */
  services: z.array(ServiceLine),
  /** SERVICE_INIT: runs to its end once all services are ready. */
  init: z.string().optional(),
  /** READY_…: a line that exits with 0 once the service of that name is ready. */
  ready: z.record(z.string(), z.string()),
  /** ENV_…: variables of SETUP, CHECK, agents and services. */
  env: z.record(z.string(), z.string()),
  in: z.array(z.enum(SERVED_IN)),
  /** Paths that begin with one slash, of which pictures are taken. */
  pages: z.array(z.string()),
  /** Whether the pictures go into the pull request. */
  uploads: z.literal(true).optional(),
});
export type Application = z.infer<typeof Application>;

/** One from elsewhere, held to the rules of `.samocode`. */
export const GivenApplication = Application.refine(({ ports, services, ready, env }) => {
  const names = services.map(({ name }) => name);
  return (
    Math.max(ports.length, names.length) <= MOST_NAMES &&
    [...ports, ...names].every((name) => APPLICATION_NAME.test(name)) &&
    Object.keys(ready).every((name) => names.includes(name)) &&
    Object.keys(env).every(isSettable)
  );
});

export type Ports = Readonly<Record<string, number>>;
