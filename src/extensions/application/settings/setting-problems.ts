import { APPLICATION_NAME, isSettable, MOST_NAMES } from '../../../core/kernel/phases/application.ts';
import { familyPrefix, type Readings, type SettingReading } from '../../../core/project/settings/settings.ts';

/** The name of the line that runs once all services are ready. */
export const INIT = 'init';

/** What is wrong with lines of an application, as far as it only shows beside the other lines. */
export function applicationProblems(readings: Readings): Record<string, string> {
  const { value: named, problem: wrong } = readings.get('PORTS') ?? {};
  const ports = wrong ? undefined : Array.isArray(named) ? named.map(String) : [];
  const all = [...readings.values()];
  const services = all.filter(({ spec }) => spec.name === 'services').map(nameIn);
  const others = { ports, services, servedIn: readings.get('SERVICES_IN')?.value };
  const problems = all
    .filter(({ problem }) => problem === undefined)
    .map((reading) => [reading.key, problemOf(reading, others)] as const);
  return Object.fromEntries(problems.filter((each): each is [string, string] => each[1] !== undefined));
}

/** The part after the prefix: `DB` of `SERVICE_DB`. */
function nameIn({ spec, key }: SettingReading): string {
  return key.slice(familyPrefix(spec).length);
}

interface Others {
  /** Undefined if PORTS itself has a problem, which says enough. */
  ports: readonly string[] | undefined;
  services: readonly string[];
  servedIn: unknown;
}

function problemOf(reading: SettingReading, others: Others): string | undefined {
  switch (reading.spec.name) {
    case 'pages':
      return problemOfPages(reading, others);
    case 'services':
    case 'ready':
    case 'serviceEnv':
      return problemOfName(reading, others) ?? problemOfBraces(String(reading.value), others);
    default:
      return undefined;
  }
}

/** Pages of which no picture could be taken. */
function problemOfPages(
  { value }: SettingReading,
  { ports, services, servedIn }: Others,
): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (!services.includes('WEB')) return 'SERVICE_WEB, whose pages these are, is missing';
  if (ports?.includes('web') === false) return 'PORTS does not name web, on which SERVICE_WEB listens';
  if (!Array.isArray(servedIn) || servedIn.includes('proof')) return undefined;
  return 'SERVICES_IN does not name proof, in which pictures are taken';
}

function problemOfName(reading: SettingReading, { services }: Others): string | undefined {
  const { name: row } = reading.spec;
  const [name, prefix] = [nameIn(reading), familyPrefix(reading.spec)];
  if (row === 'serviceEnv') {
    if (!/^[A-Za-z_]\w*$/.test(name)) return `After ${prefix} comes the name of a variable`;
    return isSettable(name) ? undefined : `A project cannot set the variable ${name}`;
  }
  if (name !== name.toUpperCase() || !APPLICATION_NAME.test(name.toLowerCase())) {
    return `After ${prefix} comes a name of at most 31 capital letters, digits and _, a letter first`;
  }
  const isInit = name.toLowerCase() === INIT;
  if (row === 'services') {
    const position = services.filter((each) => each.toLowerCase() !== INIT).indexOf(name);
    return position >= MOST_NAMES ? `More than ${MOST_NAMES} services` : undefined;
  }
  if (isInit) return 'SERVICE_INIT runs to its end and needs no READY line';
  return services.includes(name) ? undefined : `SERVICE_${name}, which it is about, is missing`;
}

/** Braces that are close to ours. Others belong to the shell, as in `{print $1}`. */
function problemOfBraces(line: string, { ports }: Others): string | undefined {
  if (ports === undefined) return undefined;
  for (const [, dollar, inside = ''] of line.matchAll(/(\$?)\{([\w.-]+)\}/g)) {
    const isKnown = inside === 'data' || ports.some((port) => inside === `port.${port}`);
    if (isKnown && dollar) return `\${${inside}} would be replaced as {${inside}}; write that without $`;
    if (!isKnown && !dollar && /^(?:ports?|data)(?![a-z])|\./i.test(inside)) {
      const known = [...ports.map((port) => `{port.${port}}`), '{data}'].join(', ');
      return `{${inside}} is unknown (${ports.length > 0 ? 'known' : 'PORTS is not set; known'}: ${known})`;
    }
  }
  return undefined;
}
