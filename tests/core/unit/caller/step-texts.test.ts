import { Command } from 'commander';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../../../src/app/cli/whole-program.ts';
import {
  commandsOf,
  nextCalls,
  nextCommands,
  hintForTerminal as terminalHint,
  hintForModel as toolHint,
} from '../../../../src/core/caller/facts/step-texts.ts';
import type { Cli } from '../../../../src/core/faces/terminal/cli.ts';
import { ACTS, TO_FILL } from '../../../../src/core/kernel/acts.ts';

test.each([
  [{ act: 'resume' }, 'resume_session', 'samocode resume <session>'],
  [
    { act: 'resume', session: '26-01-08-boat', args: { goal: TO_FILL } },
    'resume_session (goal)',
    'samocode resume boat --goal "…"',
  ],
  [
    { act: 'rewind', session: '26-01-08-boat', args: { undo: true } },
    'rewind_session (undo: true)',
    'samocode rewind boat --undo',
  ],
  [
    { act: 'unarchive', session: '26-01-08-boat' },
    'finish_session (how: unarchive)',
    'samocode unarchive boat',
  ],
  [
    { act: 'raise_limits', session: '26-01-08-boat', args: { usd: 5, hours: 2 } },
    'resume_session (limits: {usd: 5, hours: 2})',
    'samocode resume boat --max-cost-usd 5 --max-hours 2',
  ],
  [
    { act: 'set_up', args: { init_repository: true } },
    'setup_project (init_repository: true)',
    'samocode init --git-init',
  ],
  [
    { act: 'follow', when: 'once it runs' },
    'once it runs: wait',
    'once it runs: samocode log <session> --follow',
  ],
] as const)('%j is rendered as a call for a model and as a command for a person', (step, call, command) => {
  expect(nextCalls([step])).toBe(call);
  expect(nextCommands([step])).toBe(command);
});

const program = new Command();
for (const add of COMMANDS) add(program, { output: {} } as Cli);

/** The commands in a line that do not exist, or have unknown options. */
function isUnknown(line: string): boolean {
  const [, name, ...rest] = line.replace(/"[^"]*"|'[^']*'/g, 'x').split(' ');
  const command = program.commands.find((each) => each.name() === name);
  const options = rest.filter((word) => word.startsWith('--'));
  return !options.every((option) => command?.options.some(({ long }) => long === option)) || !command;
}

test('every command that a next step names exists, with its options', () => {
  const lines = ACTS.filter((act) => act !== 'name_project').flatMap((act) =>
    commandsOf([{ act, session: '26-01-08-boat' }]),
  );
  expect(lines.filter(isUnknown)).toEqual([]);
  expect(['samocode fly', 'samocode status boat --fly'].every(isUnknown)).toBe(true);
});

test('every act has a text for tools and for the terminal', async () => {
  const lines = ACTS.map(
    (act) => `${act}: ${nextCalls([{ act }])} | ${nextCommands([{ act, session: '26-01-08-boat' }])}`,
  );
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('../../../golden/next-steps.txt');
});

test('a condition shared by several calls is given to a model once', () => {
  const asked = { ifWanted: true } as const;
  expect(
    nextCalls([
      { act: 'read_status' },
      { act: 'resume', ...asked },
      { act: 'stop', ...asked },
      { act: 'list', when: 'to choose' },
    ]),
  ).toBe('get_status; if the user wants it: resume_session, or stop_session; to choose: list_sessions');
});

test('a hint and its next steps become one text', () => {
  const next = [{ act: 'read_status' }] as const;
  expect(toolHint({ hint: 'Free some space.', next })).toBe('Free some space. Next: get_status.');
  expect(terminalHint({ hint: '', next })).toBe('Next: samocode status <session>');
  expect(toolHint({ hint: 'Free some space.', next: [] })).toBe('Free some space.');
});
