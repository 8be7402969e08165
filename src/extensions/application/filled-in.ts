import type { Application, Ports } from '../../core/kernel/phases/application.ts';

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
