import { expect, test } from 'vitest';
import { EXAMPLES } from '../../../../src/app/cli/examples.ts';
import { visibleIn } from '../../../../src/app/cli/program.ts';
import { makeProgram } from '../../../../src/app/cli/whole-program.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';

// Not used until a command runs.
const program = makeProgram({ output: { columns: 80 } } as Cli);
const commands = visibleIn(program).filter((command) => command.name() !== 'help');

const below = commands.flatMap((command) =>
  command.commands.map((each) => [`${command.name()} ${each.name()}`, each] as const),
);
const named = commands.map((command) => [command.name(), command] as const);

test.each([...named, ...below.filter(([name]) => name in EXAMPLES)])(
  '%s is described by a phrase and by valid examples',
  (name, command) => {
    expect(command.description()).toMatch(/^[A-Z].*[a-z]$/);
    const examples = EXAMPLES[name] ?? [];
    expect([1, 2]).toContain(examples.length);
    for (const [line] of examples) {
      expect(line).toContain(`samocode ${name}`);
      const options = line.match(/ --[a-z-]+/g)?.map((option) => option.trim()) ?? [];
      const own = [command, ...command.commands].flatMap((each) => each.options.map(({ long }) => long));
      for (const option of options) expect(own).toContain(option);
    }
  },
);

test('the commands of a group in an example exist', () => {
  const groups = commands.filter(
    (command) => command.commands.length > 0 && command.registeredArguments.length === 0,
  );
  const lines = Object.values(EXAMPLES).flatMap((examples) => examples.map(([line]) => line));
  const unknown = groups.flatMap((group) =>
    lines.filter((line) => {
      const [, word] = new RegExp(`^samocode ${group.name()} ([a-z]\\S*)`).exec(line) ?? [];
      return word !== undefined && !group.commands.some((each) => each.name() === word);
    }),
  );
  expect(unknown).toEqual([]);
});

test('no example belongs to a removed command', () => {
  const names = [...named, ...below].map(([name]) => name);
  expect(Object.keys(EXAMPLES).filter((name) => !names.includes(name))).toEqual([]);
});
