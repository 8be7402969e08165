import type { Application, Ports } from '../../core/kernel/phases/application.ts';
import { shellWord } from '../../core/kernel/shell-quoted.ts';

/** The ports on which a service listens. The others stay free for what agents and checks start. */
export function servedPorts({ services }: Pick<Application, 'services'>, ports: Ports): number[] {
  return services.flatMap(({ name }) => ports[name] ?? []);
}

/** The service whose pages a person sees. */
export const WEB = 'web';

export function webAddress({ services }: Pick<Application, 'services'>, ports: Ports): string | undefined {
  const isServed = services.some(({ name }) => name === WEB) && ports[WEB] !== undefined;
  return isServed ? `http://localhost:${ports[WEB]}` : undefined;
}

/** Replaces `{port.web}` and `{data}` in a line of the settings; other braces stay. */
function expandPlaceholders(line: string, { ports, data }: { ports: Ports; data: string }): string {
  return line.replace(/\{(?:port\.([a-z][a-z0-9_]*)|data)\}/g, (whole, port?: string) => {
    if (port === undefined) return data;
    return port in ports ? String(ports[port]) : whole;
  });
}

/** The parts of a line in which the shell reads a path differently; the last is outside of quotes. */
const SHELL_PARTS = /'[^']*'|"(?:\\.|[^"\\])*"|(?:\\.|[^'"\\])+/gs;

/** The same in a line for the shell, where the folder is one word also with spaces or quotes in its path. */
export function expandInShell(line: string, { ports, data }: { ports: Ports; data: string }): string {
  return line.replace(SHELL_PARTS, (part) => {
    if (part.startsWith("'")) return expandPlaceholders(part, { ports, data: data.replaceAll("'", "'\\''") });
    if (part.startsWith('"'))
      return expandPlaceholders(part, { ports, data: data.replace(/["\\$`]/g, '\\$&') });
    return expandPlaceholders(part, { ports, data: shellWord(data) });
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
  const own = Object.entries(application.env).map(([name, value]) => [
    name,
    expandPlaceholders(value, filling),
  ]);
  const port = first === undefined ? undefined : ports[first];
  return Object.fromEntries([...(port === undefined ? [] : [['PORT', String(port)]]), ...numbers, ...own]);
}
