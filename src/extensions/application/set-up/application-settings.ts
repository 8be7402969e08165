import { APPLICATION_NAME, MOST_NAMES, SERVED_IN } from '../../kernel/phases/application.ts';
import { command, listOf, oneOf, text, wordsUpTo } from './setting-kinds.ts';
import type { SettingSpec } from './setting-spec.ts';

/** The name of the line that runs once all services are ready. */
export const INIT = 'init';

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
export const APPLICATION_SETTINGS = {
  ports: {
    ...portNames,
    key: 'PORTS',
    example: 'PORTS=web,db',
    doc: 'Ports of each session, by name: PORT_WEB and PORT_DB in its commands, {port.web} in these lines; PORT is the first.',
  },
  services: {
    ...command,
    key: 'SERVICE_<NAME>',
    family: 'named',
    risk: 'runs',
    example: 'SERVICE_WEB=npm run dev -- --port {port.web}',
    doc: 'A command that stays in the foreground and runs beside agents and checks. SERVICE_INIT ends: it runs once all are ready.',
  },
  ready: {
    ...command,
    key: 'READY_<NAME>',
    family: 'named',
    risk: 'runs',
    example: 'READY_DB=pg_isready -h 127.0.0.1 -p {port.db}',
    doc: 'A command that exits 0 once that service is ready. Default: the service listens on the port of its name.',
  },
  serviceEnv: {
    ...text('one line of text', /^[^\p{Cc}]+$/u),
    key: 'ENV_<NAME>',
    family: 'named',
    risk: 'runs',
    example: 'ENV_DATABASE_URL=postgres://localhost:{port.db}/app',
    doc: 'A variable of SETUP, CHECK, agents and services, also if it is named like a secret.',
  },
  servicesIn: {
    ...listOf(SERVED_IN, { orNone: false }),
    key: 'SERVICES_IN',
    default: 'implementation,testing,quality,proof',
    doc: 'When services run: beside agents of these phases, in the clones of a proof, and with setup around SETUP too.',
  },
  pages: {
    ...pages,
    key: 'PAGES',
    example: 'PAGES=/,/login',
    doc: 'Pages of the service web of which a proof has pictures, before and after the work.',
  },
  picturesUpload: {
    ...oneOf(['no', 'yes']),
    key: 'PICTURES_UPLOAD',
    default: 'no',
    risk: 'loosens',
    doc: 'yes: these pictures are attached to the pull request, where all who can read it see them.',
  },
} as const satisfies Record<string, Omit<SettingSpec, 'scope'>>;
