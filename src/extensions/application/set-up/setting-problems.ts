import { APPLICATION_NAME, isSettable, MOST_NAMES } from '../../../core/kernel/phases/application.ts';
import { INIT } from '../../../core/project/settings/application-settings.ts';
import type { SettingReading, SettingsJudge } from '../../../core/project/settings/read-settings.ts';
import { settingInvalid } from '../../../core/project/settings/setting-errors.ts';
import { allSettings, familyPrefix } from '../../../core/project/settings/settings.ts';

type NamedRow = 'services' | 'ready' | 'serviceEnv';
const ROWS: readonly string[] = ['services', 'ready', 'serviceEnv'] satisfies NamedRow[];

/** Adds the problems of lines of an application that only show beside the other lines. */
const withApplicationProblems: SettingsJudge = (readings) => {
  const { value: named, problem: wrong } = readings.find(({ name }) => name === 'ports') ?? {};
  const ports = wrong ? undefined : Array.isArray(named) ? named.map(String) : [];
  const services = readings.filter(({ name }) => name === 'services').map(nameIn);
  const servedIn = readings.find(({ name }) => name === 'servicesIn')?.value;
  return readings.map((reading) => {
    if (reading.problem) return reading;
    const { key, value, source } = reading;
    const others = { ports, services, servedIn };
    const problem = isNamed(reading) ? problemOf(reading, others) : problemOfPages(reading, others);
    if (problem === undefined) return reading;
    const error = settingInvalid(allSettings()[reading.name], {
      key,
      written: String(value),
      source,
      problem,
    });
    return { ...reading, value: undefined, problem: error };
  });
};

export const APPLICATION_JUDGES: readonly SettingsJudge[] = [withApplicationProblems];

type NamedReading = SettingReading & { name: NamedRow };

function isNamed(reading: SettingReading): reading is NamedReading {
  return ROWS.includes(reading.name);
}

/** The part after the prefix: `DB` of `SERVICE_DB`. */
function nameIn(reading: SettingReading): string {
  return reading.key.slice(familyPrefix(allSettings()[reading.name]).length);
}

/** Pages of which no picture could be taken. */
function problemOfPages(
  { name, value }: SettingReading,
  { ports, services, servedIn }: Others & { servedIn: unknown },
): string | undefined {
  if (name !== 'pages' || !Array.isArray(value) || value.length === 0) return undefined;
  if (!services.includes('WEB')) return 'SERVICE_WEB, whose pages these are, is missing';
  if (ports?.includes('web') === false) return 'PORTS does not name web, on which SERVICE_WEB listens';
  if (!Array.isArray(servedIn) || servedIn.includes('proof')) return undefined;
  return 'SERVICES_IN does not name proof, in which pictures are taken';
}

interface Others {
  /** Undefined if PORTS itself has a problem, which says enough. */
  ports: readonly string[] | undefined;
  services: readonly string[];
}

function problemOf(reading: NamedReading, others: Others): string | undefined {
  const name = nameIn(reading);
  return problemOfName(reading.name, name, others) ?? problemOfBraces(String(reading.value), others);
}

function problemOfName(row: NamedRow, name: string, { services }: Others): string | undefined {
  const prefix = familyPrefix(allSettings()[row]);
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
