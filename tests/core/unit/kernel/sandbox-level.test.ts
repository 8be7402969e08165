import { expect, test } from 'vitest';
import { describeLevel } from '../../../../src/core/kernel/sandbox-level.ts';

test.each([
  ['strict', 'strict - home is not there, the network is a list of hosts'],
  ['guard', 'guard - home is not there, the network is open'],
  ['best effort', 'best effort - agents are root and might escape, home is not there, the network is open'],
  ['provider sandbox', 'provider sandbox - the agent CLI confines its own commands'],
  ['none', 'none - agents can do what you can'],
] as const)('a start says what the level %s means for home and network', (level, line) => {
  expect(describeLevel(level, 'linux')).toBe(line);
});

test('on macOS, where home is not empty, the line says so', () => {
  expect(describeLevel('guard', 'darwin')).toBe('guard - your home folder can be read, the network is open');
});
