import { expect, test } from 'vitest';
import { readCommandLine } from '../../src/server/command-line.ts';

test.each([
  [[], { kind: 'serve', isReadOnly: false, hasPrompts: true }],
  [['--read-only'], { kind: 'serve', isReadOnly: true, hasPrompts: true }],
  [['--no-prompts'], { kind: 'serve', isReadOnly: false, hasPrompts: false }],
  [['--version'], { kind: 'tell', text: '1.2.3\n' }],
  [['-V', '--read-only'], { kind: 'tell', text: '1.2.3\n' }],
  [['--help'], { kind: 'tell', text: expect.stringContaining('--read-only') }],
  [['-h', '--version'], { kind: 'tell', text: expect.stringContaining('Usage: samocode-mcp') }],
  [['--readonly'], { kind: 'misused', text: expect.stringContaining('does not take "--readonly"') }],
  [['--help', 'x\u001b[31m'], { kind: 'misused', text: expect.stringContaining('"x\\u001b[31m"') }],
] as const)('samocode-mcp %j', (words, asked) => {
  expect(readCommandLine(words, '1.2.3')).toEqual(asked);
});
