import * as z from 'zod';
import { PHASE_NAMES } from './table.ts';

/** When services run: while SETUP, agents of these phases, and the checks of a proof run. */
export const SERVED_IN = ['setup', ...PHASE_NAMES, 'proof'] as const;
export type ServedIn = (typeof SERVED_IN)[number];

const ServiceLine = z.object({
  /** In lower case; the service that listens on a port has its name. */
  name: z.string(),
  /** A line for the shell, which stays in the foreground. */
  command: z.string(),
});
export type ServiceLine = z.infer<typeof ServiceLine>;

/** An application that a repository needs around its agents and checks: ports, services, pages. As written in `.samocode`. */
export const Application = z.object({
  /** Names, in lower case; PORT is the first one. */
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

/** The numbers of the ports, by name. */
export type Ports = Readonly<Record<string, number>>;

/** The ports on which a service listens. The others stay free for what agents and checks start. */
export function servedPorts({ services }: Pick<Application, 'services'>, ports: Ports): number[] {
  return services.flatMap(({ name }) => ports[name] ?? []);
}

/** The port whose pages a person sees: that of `web`, or else the first with a service. */
export function webPort(application: Pick<Application, 'services'>, ports: Ports): number | undefined {
  const isServed = application.services.some(({ name }) => name === 'web');
  return isServed && ports.web !== undefined ? ports.web : servedPorts(application, ports)[0];
}

/** The address that a person opens. */
export function webAddress(application: Pick<Application, 'services'>, ports: Ports): string | undefined {
  const port = webPort(application, ports);
  return port === undefined ? undefined : `http://localhost:${port}`;
}

/** Replaces `{port.web}` and `{data}` in a line of the settings; other braces stay. */
export function filledIn(line: string, { ports, data }: { ports: Ports; data: string }): string {
  return line.replace(/\{(?:port\.([a-z][a-z0-9_]*)|data)\}/g, (whole, port?: string) => {
    if (port === undefined) return data;
    return port in ports ? String(ports[port]) : whole;
  });
}

/** PORT, PORT_WEB and so on, and the variables of ENV_…. */
export function applicationVariables(
  application: Pick<Application, 'ports' | 'env'>,
  filling: { ports: Ports; data: string },
): Record<string, string> {
  const { ports } = filling;
  const [first] = application.ports;
  const numbers = Object.entries(ports).map(([name, port]) => [`PORT_${name.toUpperCase()}`, String(port)]);
  const own = Object.entries(application.env).map(([name, value]) => [name, filledIn(value, filling)]);
  const port = first === undefined ? undefined : ports[first];
  return Object.fromEntries([...(port === undefined ? [] : [['PORT', String(port)]]), ...numbers, ...own]);
}
