import { expect, test } from 'vitest';
import { frozenProving } from '../../../../src/core/acts/proof/frozen-proving.ts';
import { riskyLines } from '../../../../src/core/project/finding/trust.ts';
import { problemsIn, readSettings } from '../../../../src/core/project/settings/read-settings.ts';

const read = (...lines: string[]) =>
  readSettings({
    projectFile: {
      path: '/p/.samocode',
      text: ['MAIN_REPO=.', 'WORKTREES=w', 'SESSIONS=s', ...lines].join('\n'),
    },
    env: { PORTS: '1', SERVICE_DB: 'of the environment' },
    homeDir: '/home/me',
  });

const frozen = (...lines: string[]) => frozenProving(read(...lines).values).application;

const PORTS = 'PORTS=web,db';
const WEB = 'SERVICE_WEB=npm run dev -- --port {port.web}';

test('an application is frozen with its services in the order of the file, and INIT is not one of them', () => {
  expect(
    frozen(
      PORTS,
      'SERVICE_INIT=npm run migrate',
      `SERVICE_DB=test -d {data}/db || initdb -D {data}/db; exec postgres -p {port.db} -c a='\${x}'`,
      WEB,
      'READY_DB=pg_isready -p {port.db}',
      'ENV_DATABASE_URL=postgres://localhost:{port.db}/app?a=b',
      'SERVICES_IN=setup,proof',
      'PAGES=/, /login?next=%2F',
      'PICTURES_UPLOAD=yes',
    ),
  ).toEqual({
    ports: ['web', 'db'],
    services: [
      {
        name: 'db',
        command: `test -d {data}/db || initdb -D {data}/db; exec postgres -p {port.db} -c a='\${x}'`,
      },
      { name: 'web', command: 'npm run dev -- --port {port.web}' },
    ],
    init: 'npm run migrate',
    ready: { db: 'pg_isready -p {port.db}' },
    env: { DATABASE_URL: 'postgres://localhost:{port.db}/app?a=b' },
    in: ['setup', 'proof'],
    pages: ['/', '/login?next=%2F'],
    uploads: true,
  });
});

test('without ports, services and variables there is no application', () => {
  expect(frozen('SERVICES_IN=proof', 'SERVICE_WEB=')).toBeUndefined();
  expect(frozen('PORTS=web')).toMatchObject({ ports: ['web'], services: [], env: {} });
  expect(frozen('ENV_A=1')?.in).toEqual(['implementation', 'testing', 'quality', 'proof']);
});

test.each([
  [
    'a service whose name begins with a digit',
    ['SERVICE_2X=a'],
    'After SERVICE_ comes a name of at most 31 capital letters',
  ],
  [
    'a service in small letters',
    ['SERVICE_db=a'],
    'After SERVICE_ comes a name of at most 31 capital letters',
  ],
  ['a service without a name', ['SERVICE_=a'], 'After SERVICE_ comes a name of at most 31 capital letters'],
  [
    'a service with a long name',
    [`SERVICE_${'A'.repeat(32)}=a`],
    'After SERVICE_ comes a name of at most 31 capital letters',
  ],
  ['an eleventh service', [...Array(11).keys()].map((n) => `SERVICE_S${n}=a`), 'More than 10 services: "a"'],
  ['pages of no service', [PORTS, 'PAGES=/'], 'SERVICE_WEB, whose pages these are, is missing: "/"'],
  ['pages of a service without a port', ['SERVICE_WEB=a', 'PAGES=/'], 'PORTS does not name web'],
  [
    'pages without a proof beside services',
    [PORTS, WEB, 'PAGES=/', 'SERVICES_IN=testing'],
    'SERVICES_IN does not name proof',
  ],
  ['readiness of nothing', ['READY_DB=a'], 'SERVICE_DB, which it is about, is missing: "a"'],
  ['readiness of INIT', ['SERVICE_INIT=a', 'READY_INIT=b'], 'SERVICE_INIT runs to its end'],
  [
    'an unknown port',
    [PORTS, 'SERVICE_A=x {port.wbe}'],
    '{port.wbe} is unknown (known: {port.web}, {port.db}, {data})',
  ],
  ['a port without PORTS', ['ENV_A={port.web}'], '{port.web} is unknown (PORTS is not set; known: {data})'],
  ['a misspelled place', [PORTS, 'SERVICE_A=x {data_dir}'], '{data_dir} is unknown'],
  ['a place that the shell would read', [`SERVICE_A=x \${data}`], ' would be replaced as {data}'],
  ['a search path', ['ENV_PATH=/tmp'], 'A project cannot set the variable PATH'],
  ['a home folder', ['ENV_HOME=/tmp'], 'A project cannot set the variable HOME'],
  ['a variable of ours', ['ENV_SAMOCODE_SESSION=x'], 'A project cannot set the variable SAMOCODE_SESSION'],
  ['a library to load', ['ENV_LD_PRELOAD=x'], 'A project cannot set the variable LD_PRELOAD'],
  ['a variable that begins with a digit', ['ENV_1A=x'], 'After ENV_ comes the name of a variable'],
])('%s is refused with the reason', (_, lines, why) => {
  const problems = problemsIn(read(...lines));
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain(why);
});

test.each([
  ['PORTS', 'Web'],
  ['PORTS', '1web'],
  ['PORTS', 'web-app'],
  ['PORTS', 'a,b,c,d,e,f,g,h,i,j,k'],
  ['PAGES', 'login'],
  ['PAGES', '//elsewhere.example/'],
  ['PAGES', '/\\elsewhere.example/'],
  ['PAGES', 'http://localhost/'],
  ['PAGES', [...Array(21).keys()].map((n) => `/${n}`).join()],
  ['SERVICES_IN', 'somewhere'],
  ['SERVICES_IN', 'none'],
])('%s refuses %s and names its form', (key, written) => {
  const problems = problemsIn(read(`${key}=${written}`));
  expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(`It must be `)]);
  expect(problems[0]?.message).toContain(`${key} in /p/.samocode, line 4`);
});

test('an error in PORTS is the only one, although lines name its ports', () => {
  expect(problemsIn(read('PORTS=Web', WEB))).toHaveLength(1);
});

test('braces of the shell stay what they are', () => {
  expect(problemsIn(read(`SERVICE_A=awk '{print}' <(ls *.{js,ts}) "\${HOME}" \${A.b} {x,y}`))).toEqual([]);
});

test.each([
  ['SERVICES_WEB=a', 'Did you mean SERVICE_WEB?'],
  ['SERVCE_WEB=a', 'Did you mean SERVICE_WEB?'],
  ['REDY_DB=a', 'Did you mean READY_DB?'],
  ['PORT=a', 'Did you mean PORTS?'],
  ['PAGE=/', 'Did you mean PAGES?'],
])('%s is reported as a typo', (line, said) => {
  expect(read(line).warnings.map(({ text }) => text)).toEqual([expect.stringContaining(said)]);
});

test('each line of a service, of its readiness and of a variable needs trust, ports and pages do not', () => {
  const lines = [
    ['SERVICE_DB', 'postgres -D {data} -p {port.db}'],
    ['SERVICE_WEB', 'serve'],
    ['SERVICE_INIT', 'npm run migrate'],
    ['READY_DB', 'pg_isready -p {port.db}'],
    ['ENV_TOKEN', 'of-tests'],
  ] as const;
  const others = ['PORTS=web,db', 'SERVICES_IN=proof', 'PAGES=/,/login', 'PICTURES_UPLOAD=no'];
  const written = lines.map(([key, value]) => `${key}=${value}`);
  expect(riskyLines(read(...others, ...written))).toEqual(
    lines.map(([key, value]) => ({ key, risk: 'runs', value })),
  );
  expect(riskyLines(read('PICTURES_UPLOAD=yes'))).toEqual([
    { key: 'PICTURES_UPLOAD', risk: 'loosens', value: 'yes' },
  ]);
});

test('a service that was probably meant for a setting is a warning, and is no check', () => {
  expect(read('SERVICE_IN=proof', 'SERVICE_INIT=true').warnings.map(({ text }) => text)).toEqual([
    'Line 4: SERVICE_IN is one of SERVICE_<NAME>. Did you mean SERVICES_IN?',
  ]);
});
