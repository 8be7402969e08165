import {
  APPLICATION_NAME,
  type Application,
  MOST_NAMES,
  SERVED_IN,
} from '../../../core/kernel/phases/application.ts';
import { command, listOf, oneOf, text, wordsUpTo } from '../../../core/project/settings/setting-kinds.ts';
import { inScope } from '../../../core/project/settings/setting-spec.ts';
import { type FurtherSettings, type Settings, valuesOf } from '../../../core/project/settings/settings.ts';
import { applicationProblems, INIT } from './setting-problems.ts';

const portNames = wordsUpTo(
  'at most 10 names of ports, separated by commas: small letters, digits and _, a letter first',
  APPLICATION_NAME,
  MOST_NAMES,
);

// Neither `//host` nor a backslash, with which a browser would open the page of another host.
const pages = wordsUpTo(
  'at most 20 paths of pages, separated by commas, each beginning with one / and without spaces',
  /^\/(?!\/)[^\s\p{Cc}\\]*$/u,
  20,
);

/** Ports and services of each session, the variables that name them, and the pages of which pictures are taken. */
export const APPLICATION_ROWS = inScope('project', {
  ports: {
    ...portNames,
    key: 'PORTS',
    reach: {},
    example: 'PORTS=web,db',
    doc: 'Ports of each session, by name: PORT_WEB and PORT_DB in its commands, {port.web} in these lines; PORT is the first.',
  },
  services: {
    ...command,
    key: 'SERVICE_<NAME>',
    family: 'named',
    risk: 'runs',
    reach: { run: 'the command' },
    example: 'SERVICE_WEB=npm run dev -- --port {port.web}',
    doc: 'A command that stays in the foreground and runs beside agents and checks. SERVICE_INIT ends: it runs once all are ready.',
  },
  ready: {
    ...command,
    key: 'READY_<NAME>',
    family: 'named',
    risk: 'runs',
    reach: { run: 'the command' },
    example: 'READY_DB=pg_isready -h 127.0.0.1 -p {port.db}',
    doc: 'A command that exits 0 once that service is ready. Default: the service listens on the port of its name.',
  },
  serviceEnv: {
    ...text('one line of text', /^[^\p{Cc}]+$/u),
    key: 'ENV_<NAME>',
    family: 'named',
    risk: 'runs',
    reach: { run: 'programs with the variable' },
    example: 'ENV_DATABASE_URL=postgres://localhost:{port.db}/app',
    doc: 'A variable of SETUP, CHECK, agents and services, also if it is named like a secret.',
  },
  servicesIn: {
    ...listOf(SERVED_IN, { orNone: false }),
    key: 'SERVICES_IN',
    default: 'implementation,testing,quality,proof',
    reach: {},
    doc: 'When services run: beside agents of these phases, in the clones of a proof, and with setup around SETUP too.',
  },
  pages: {
    ...pages,
    key: 'PAGES',
    reach: { read: 'pages of the services' },
    example: 'PAGES=/,/login',
    doc: 'Pages of the service web of which a proof has pictures, before and after the work.',
  },
  picturesUpload: {
    ...oneOf(['no', 'yes']),
    key: 'PICTURES_UPLOAD',
    default: 'no',
    risk: 'loosens',
    reach: { send: 'pictures to the pull request' },
    doc: 'yes: these pictures are attached to the pull request, where all who can read it see them.',
  },
});

export const APPLICATION_SETTINGS: readonly FurtherSettings[] = [
  {
    rows: APPLICATION_ROWS,
    check: applicationProblems,
    kept: (values) => ({ application: frozenApplication(values) }),
  },
];

function frozenApplication(values: Settings): Application | undefined {
  const {
    ports = [],
    services,
    ready,
    serviceEnv,
    servicesIn,
    pages = [],
    picturesUpload,
  } = valuesOf(APPLICATION_ROWS, values);
  const isNeeded = ports.length + services.length + serviceEnv.length > 0;
  if (!isNeeded) return undefined;
  const inLowerCase = services.map(({ name, value }) => ({ name: name.toLowerCase(), command: value }));
  const init = inLowerCase.find(({ name }) => name === INIT);
  return {
    ports: [...ports],
    services: inLowerCase.filter((service) => service !== init),
    ...(init && { init: init.command }),
    ready: Object.fromEntries(ready.map(({ name, value }) => [name.toLowerCase(), value])),
    env: Object.fromEntries(serviceEnv.map(({ name, value }) => [name, value])),
    in: [...servicesIn],
    pages: [...pages],
    ...(picturesUpload === 'yes' && { uploads: true as const }),
  };
}
