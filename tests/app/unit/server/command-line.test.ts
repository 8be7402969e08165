import { expect, test } from 'vitest';
import { readCommandLine } from '../../../../src/app/server/command-line.ts';

test.each([
  [[], { kind: 'serve', isReadOnly: false, prompts: 'sessions' }],
  [['--read-only'], { kind: 'serve', isReadOnly: true, prompts: 'sessions' }],
  [['--no-prompts'], { kind: 'serve', isReadOnly: false, prompts: 'none' }],
  [['--all-prompts'], { kind: 'serve', isReadOnly: false, prompts: 'all' }],
  [['--all-prompts', '--no-prompts'], { kind: 'serve', isReadOnly: false, prompts: 'none' }],
  [['--version'], { kind: 'print', text: '1.2.3\n' }],
  [['-V', '--read-only'], { kind: 'print', text: '1.2.3\n' }],
  [['--help'], { kind: 'print', text: expect.stringContaining('--read-only') }],
  [['-h', '--version'], { kind: 'print', text: expect.stringContaining('Usage: samocode-mcp') }],
  [['--readonly'], { kind: 'misused', text: expect.stringContaining('does not take "--readonly"') }],
  [['--help', 'x\u001b[31m'], { kind: 'misused', text: expect.stringContaining('"x\\u001b[31m"') }],
] as const)('the command line samocode-mcp %j is read as %j', (words, asked) => {
  expect(readCommandLine(words, '1.2.3')).toEqual(asked);
});
