import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSecretName, removedFrom, secretFilter, secretsIn } from '../../../../src/core/kernel/secrets.ts';
import { ORDINARY_NAMES, SECRET_NAMES } from '../../../support/secret-names.ts';

test.each(SECRET_NAMES)('%s is named like a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each(ORDINARY_NAMES)('%s is not named like a secret', (name) => {
  expect(isSecretName(name)).toBe(false);
});

const valuesOf = (name: string, value: string) => secretsIn({ [name]: value }).map((each) => each.value);

test.each([
  ['DB_PASSWORD', 'correcthorse', ['correcthorse']],
  ['DB_PASSWORD', 'short', []],
  ['POSTGRES_PASSWORD', 'postgres', []],
  ['SIGNING_KEY', '/etc/passwd', []],
  ['SIGNING_KEY', '/etc/no-such-file', ['/etc/no-such-file']],
  ['DATABASE_URL', 'postgres://app:k4tzenklappe@db/shop', ['k4tzenklappe']],
  ['HTTPS_PROXY', 'http://ann:p%40ssw0rd@proxy:3128', ['p%40ssw0rd', 'p@ssw0rd']],
  ['DATABASE_URL', 'postgres://postgres:postgres@localhost/customers_production', []],
  ['DATABASE_URL', 'mysql://customers:customers@localhost/shop', []],
  ['MSSQL', 'Server=db;User Id=sa;Password=k4tzenklappe;', ['k4tzenklappe']],
  ['STRIPE', 'sk_live_abcdefghij0123456789', ['sk_live_abcdefghij0123456789']],
  ['PACKAGES', 'aZ3kQ9xW1mP7vT5rL2nB8cY4', ['aZ3kQ9xW1mP7vT5rL2nB8cY4']],
  [
    'GIT_CONFIG_VALUE_0',
    'AUTHORIZATION: basic eDp0b2tlbjEyMzQ1Njc4OTBhYmNk',
    ['eDp0b2tlbjEyMzQ1Njc4OTBhYmNk'],
  ],
  [
    'CERT',
    '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----',
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----'],
  ],
  ['SESSION', '0123456789abcdef0123456789abcdef01234567', ['0123456789abcdef0123456789abcdef01234567']],
  ['GITHUB_SHA', '0123456789abcdef0123456789abcdef01234567', []],
  ['RAILS_ENV', 'development', []],
  ['AWS_PROFILE', 'production', []],
  ['AWS_REGION', 'eu-central-1', []],
  ['GIT_AUTHOR_NAME', 'Ada Lovelace', []],
  ['PGDATABASE', 'customers_production_2024', []],
  ['DOCKER_IMAGE', 'registry.example.org/team/app:2026.11.27-rc1', []],
  ['BUILD', '20261127T160622Z', []],
  ['CLASS', 'MyVeryLongClassNameOfModule2', []],
  ['TARGET', 'x86_64-unknown-linux-gnu', []],
] as const)('%s=%s has the secrets %j', (name, value, secrets) => {
  expect(valuesOf(name, value)).toEqual(secrets);
});

const LETTERS = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789';

test.each([
  ['OpenAI', `sk-proj-${LETTERS}`],
  ['Anthropic', `sk-ant-api03-${LETTERS}-_AA`],
  ['Stripe', `sk_live_${LETTERS}`],
  ['GitHub', `ghp_${LETTERS}`],
  ['GitHub Actions', `ghs_${LETTERS}`],
  ['GitHub, fine-grained', `github_pat_${LETTERS}_${LETTERS}`],
  ['GitLab', 'glpat-abcDEF_123-456xyzXYZ'],
  ['npm', `npm_${LETTERS}`],
  ['PyPI', `pypi-${LETTERS}`],
  ['age', 'AGE-SECRET-KEY-1QQPQ7XQ9V8RM5LT0D3'],
  ['Slack', 'xoxb-123456789012-abcdefABCDEF'],
  ['Slack apps', 'xapp-1-A012-345-abcdef'],
  ['AWS', 'AKIAIOSFODNN7EXAMPLE'],
  ['Google', `AIzaSy${LETTERS}`],
  ['Telegram', '123456789:AAEhBP0av28abcdefghijklmnopqrstuvwx'],
  ['JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123'],
  ['PEM', '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK\n-----END RSA PRIVATE KEY-----'],
  ['PEM without its end', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk'],
])('a token of %s leaves only the mark', (_, token) => {
  expect(secretFilter([])(`Use "${token}`)).toBe('Use "[removed: token]');
});

test.each([
  ['Authorization: Bearer abcdef0123456789', 'Authorization: Bearer [removed: token]'],
  ['-H "authorization: Basic YW5uOnA0c3M="', '-H "authorization: Basic [removed: token]"'],
  ['postgres://ann:p4ss@db/x and http://x/y@z', 'postgres://[removed: token]@db/x and http://x/y@z'],
  ['redis://:hunter2@cache:6379', 'redis://[removed: token]@cache:6379'],
])('%j keeps what surrounds its secret', (given, shown) => {
  expect(secretFilter([])(given)).toBe(shown);
});

const named = (...values: string[]) => values.map((value, at) => ({ name: `K${at}_KEY`, value }));

test.each([
  'The bearer of a sk-1 is a risk-averse task-runner',
  'See https://example.org/a:b/c and git@github.com:owner/name.git',
  'npm_config and ghp_short, at 12:30',
  'Basic authentication2024 and a basic http2server',
  'Use bearer authentication; glib-compile-resources-first and sk_buff_head_init_class',
])('%j contains no secret', (text) => {
  expect(secretFilter(named('short'))(text)).toBe(text);
});

test('a value is removed wherever it is, also inside an address; of two that overlap, the longer one', () => {
  const clean = secretFilter(named('p@ss/w+rd', 'p@ss/w+rd-and-more', '1234567'));
  const text = clean('xp@ss/w+rdx p@ss/w+rd-and-more ?key=p%40ss%2Fw%2Brd 1234567');
  expect(text).toBe('x[removed: K0_KEY]x [removed: K0_KEY] ?key=[removed: K0_KEY] 1234567');
  expect(removedFrom(text)).toBe('K0_KEY ×3');
});

const KEY = [
  '-----BEGIN PRIVATE KEY-----',
  'MIIEvQIBADANBgkq',
  'hkiG9w0BAQEFAASC',
  '-----END PRIVATE KEY-----',
];

test.each([
  ['as it is', KEY.join('\n'), '[removed: APP_KEY]'],
  ['in JSON', JSON.stringify(KEY.join('\n')), '"[removed: APP_KEY]"'],
  ['line by line', `1> ${KEY[1]}\r\n2> ${KEY[2]}`, '1> [removed: APP_KEY]\r\n2> [removed: APP_KEY]'],
  ['with other line ends', KEY.join(' \r\n  '), '[removed: APP_KEY]'],
  ['in part', KEY.slice(1, 3).join('\n'), '[removed: APP_KEY]'],
])('a value of several lines is found %s', (_, text, shown) => {
  expect(secretFilter([{ name: 'APP_KEY', value: KEY.join('\n') }])(text)).toBe(shown);
});

test('what was removed is named by variable and count, and a strange name is not repeated', () => {
  const strange = { name: 'x](http://y) KEY', value: 'of-a-strange-name' };
  const clean = secretFilter([...secretsIn({ NPM_TOKEN: 'swordfish1', DB_PASS: 'swordfish2' }), strange]);
  const text = clean(`swordfish1 swordfish2 swordfish1, ghp_${LETTERS} and of-a-strange-name`);
  expect(removedFrom(text)).toBe('NPM_TOKEN ×2, DB_PASS ×1, token ×1, secret ×1');
});

test('no value of eight characters and more survives, whatever surrounds it', () => {
  const long = fc.string({ minLength: 8, maxLength: 40, unit: 'binary' });
  fc.assert(
    fc.property(fc.array(long, { minLength: 1, maxLength: 5 }), fc.string(), (values, around) => {
      const clean = secretFilter(values.map((value) => ({ name: 'A_KEY', value })));
      const text = clean(values.map((value) => `${around}${value}`).join(' '));
      const left = text.split('[removed: A_KEY]').join('\n\n');
      return values.every((value) => !left.includes(value));
    }),
  );
});

test.each([
  ['postgres', 'postgres://admin:S3cretPw99@db/x', '[removed: K0_KEY]://[removed: token]@db/x'],
  ['12345678', 'xoxb-12345678-abcdefABCDEF', '[removed: token]'],
  ['PRIVATE KEY', '-----BEGIN PRIVATE KEY-----\nMIIEow', '[removed: token]'],
])('the value %j hides no token around it', (value, text, shown) => {
  expect(secretFilter(named(value))(text)).toBe(shown);
});

const REPEATED = [
  'a-',
  'eyJ-',
  'eyJaaaaaa.',
  'a',
  '://a:',
  'Bearer ',
  'sk-',
  '-----BEGIN A PRIVATE KEY-----',
  '1',
].flatMap((part) => ['', 'sk-', 'eyJ', '://u:', 'Bearer '].map((start) => [start, part]));

test.each([
  ...REPEATED,
  ['', '-----END A PRIVATE KEY-----'],
  ['', 'no such value'],
  ['', 'no such valu'],
  ['', 'a line of a value\n'],
])(
  'a text of millions of characters, %j and %j again and again, takes seconds at most',
  (start, part) => {
    const lines = `a line of a value\n${'another line of it\n'.repeat(9)}`;
    const clean = secretFilter(named('no such value', lines), { areCut: true });
    const startedAt = performance.now();
    clean(start + part.repeat(4_000_000 / part.length));
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  },
  30_000,
);
