import fc from 'fast-check';
import { expect, test } from 'vitest';
import { removedFrom, secretFilter } from '../../../../src/extensions/chats/document/secrets.ts';

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
  ['postgres://ann:p4ss@db/x and http://x/y@z', 'postgres://[removed: token]@db/x and http://x/y@z'],
  ['redis://:hunter2@cache:6379', 'redis://[removed: token]@cache:6379'],
])('%j keeps what surrounds its secret', (given, shown) => {
  expect(secretFilter([])(given)).toBe(shown);
});

test.each([
  'The bearer of a sk-1 is a risk-averse task-runner',
  'See https://example.org/a:b/c and git@github.com:owner/name.git',
  'npm_config and ghp_short, at 12:30',
  'Use bearer authentication; glib-compile-resources-first and sk_buff_head_init_class',
])('%j contains no secret', (text) => {
  expect(secretFilter(['short'])(text)).toBe(text);
});

test('a value is removed wherever it is, also inside an address; of two that overlap, the longer one', () => {
  const clean = secretFilter(['p@ss/w+rd', 'p@ss/w+rd-and-more', '1234567']);
  const text = clean('xp@ss/w+rdx p@ss/w+rd-and-more ?key=p%40ss%2Fw%2Brd 1234567');
  expect(text).toBe('x[removed: token]x [removed: token] ?key=[removed: token] 1234567');
  expect(removedFrom(text)).toBe(3);
});

test('no value of eight characters and more survives, whatever surrounds it', () => {
  const long = fc.string({ minLength: 8, maxLength: 40, unit: 'binary' });
  fc.assert(
    fc.property(fc.array(long, { minLength: 1, maxLength: 5 }), fc.string(), (values, around) => {
      const text = secretFilter(values)(values.map((value) => `${around}${value}`).join(' '));
      const left = text.split('[removed: token]').join('\n\n');
      return values.every((value) => !left.includes(value));
    }),
  );
});

test.each([
  ['postgres', 'postgres://admin:S3cretPw99@db/x', '[removed: token]://[removed: token]@db/x'],
  ['12345678', 'xoxb-12345678-abcdefABCDEF', '[removed: token]'],
  ['PRIVATE KEY', '-----BEGIN PRIVATE KEY-----\nMIIEow', '[removed: token]'],
])('the value %j hides no token around it', (value, text, shown) => {
  expect(secretFilter([value])(text)).toBe(shown);
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
];

test.each(REPEATED)(
  'a text of millions of characters, %j again and again, takes seconds at most',
  (part) => {
    const clean = secretFilter(['no such value']);
    const startedAt = performance.now();
    for (const start of ['', 'sk-', 'eyJ', '://u:', 'Bearer '])
      clean(start + part.repeat(4_000_000 / part.length));
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  },
  30_000,
);
