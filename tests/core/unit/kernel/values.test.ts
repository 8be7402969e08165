import { expect, test } from 'vitest';
import { definedOnly } from '../../../../src/core/kernel/defined-only.ts';
import { parseJson } from '../../../../src/core/kernel/parse-json.ts';
import { newRegistry } from '../../../../src/core/kernel/registry.ts';
import { describeLevel } from '../../../../src/core/kernel/sandbox-level.ts';
import { isOlder } from '../../../../src/core/kernel/versions.ts';

test('a name without a value is dropped, while an empty value is kept', () => {
  expect(definedOnly({ A: 'a', B: undefined, C: '' })).toEqual({ A: 'a', C: '' });
});

test.each(['', '{', '{"a":1} x', 'undefined', "{'a':1}"])(
  'a text that is not JSON is undefined: %s',
  (text) => {
    expect(parseJson(text)).toBeUndefined();
  },
);

test('versions are compared by number, ignoring text around them', () => {
  expect(isOlder('2.1.99 (Claude Code)', '2.1.197')).toBe(true);
  expect(isOlder('codex-cli 0.169.0', '0.169.0')).toBe(false);
  expect(isOlder('0.61', '0.61.0')).toBe(false);
  expect(isOlder('v20.20.2', '20.19.0')).toBe(false);
  expect(isOlder('1.0', '1.0.1')).toBe(true);
});

test('a registry gives what was handed over', () => {
  const colours = newRegistry<string>('colours');
  colours.handOver(['red']);
  expect(colours.items).toEqual(['red']);
});

test('a registry that was never filled is not read as empty', () => {
  expect(() => newRegistry('colours').items).toThrow('colours of the extensions were read before');
});

test('a second list is refused', () => {
  const colours = newRegistry<string>('colours');
  colours.handOver([]);
  expect(() => colours.handOver(['red'])).toThrow('colours of the extensions were handed over twice');
});

test.each([
  ['strict', 'strict - home is not there, the network is a list of hosts'],
  ['guard', 'guard - home is not there, the network is open'],
  ['best effort', 'best effort - agents are root and might escape, home is not there, the network is open'],
  ['provider sandbox', 'provider sandbox - the agent CLI confines its own commands'],
  ['none', 'none - agents can do what you can; home, git hooks and the run folder are not compared'],
] as const)('a start says what the level %s means for home and network', (level, line) => {
  expect(describeLevel(level, 'linux')).toBe(line);
});

test('on macOS, where home is not empty, the line says so', () => {
  expect(describeLevel('guard', 'darwin')).toBe('guard - your home folder can be read, the network is open');
});
