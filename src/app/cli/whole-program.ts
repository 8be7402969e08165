import { Argument, type Command } from 'commander';
import { addPrune, addWorktrees } from '../../core/acts/clean-up/disk-space.command.ts';
import { addArchive, addFinish, addUnarchive } from '../../core/acts/finish/finish-archive.command.ts';
import { addAnswer, addApprove, addChanges, addPlan } from '../../core/acts/gates/answer-approve.command.ts';
import { addVerify } from '../../core/acts/proof/verify.command.ts';
import { addCost } from '../../core/acts/reading/cost.command.ts';
import { addList, addStatus, addWait } from '../../core/acts/reading/list-status-wait.command.ts';
import { addLog } from '../../core/acts/reading/log.command.ts';
import { addDiff, addShow } from '../../core/acts/reading/show-diff.command.ts';
import { addWhy } from '../../core/acts/reading/why.command.ts';
import { addRewind } from '../../core/acts/rewind/rewind.command.ts';
import { addMessage } from '../../core/acts/sessions/message.command.ts';
import { addRun, addStart } from '../../core/acts/sessions/start-run.command.ts';
import { addResume, addStop } from '../../core/acts/sessions/stop-resume.command.ts';
import { addTakeover } from '../../core/acts/sessions/takeover.command.ts';
import { addConfig, addInit, addTrust } from '../../core/acts/set-up/set-up.command.ts';
import type { Cli } from '../../core/faces/terminal/cli.ts';
import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { newWholeScreen } from '../../core/faces/terminal/whole-screen.ts';
import { EXTENSION_COMMANDS } from '../extensions/commands.ts';
import { useExtensions } from '../extensions/extensions.ts';
import { useProviders } from '../extensions/providers.ts';
import { COMPLETION_SCRIPTS } from './completion-scripts.ts';
import { isOriginalForm, originalForm } from './original-form.ts';
import { type CommandGroup, newProgram, runProgram } from './program.ts';
import { newCli, type OpenProgram, type Started } from './terminal.ts';

const BY_NAME: Readonly<Record<string, AddCommand>> = {
  run: addRun,
  start: addStart,
  stop: addStop,
  resume: addResume,
  finish: addFinish,
  archive: addArchive,
  unarchive: addUnarchive,
  prune: addPrune,
  list: addList,
  status: addStatus,
  log: addLog,
  show: addShow,
  diff: addDiff,
  cost: addCost,
  why: addWhy,
  verify: addVerify,
  wait: addWait,
  worktrees: addWorktrees,
  answer: addAnswer,
  plan: addPlan,
  approve: addApprove,
  changes: addChanges,
  message: addMessage,
  rewind: addRewind,
  init: addInit,
  trust: addTrust,
  config: addConfig,
  takeover: addTakeover,
  completion: addCompletion,
  ...EXTENSION_COMMANDS,
};

/** The groups of the help, and the order in them; a command that is not named here comes last. */
const GROUPS: Readonly<Record<string, string>> = {
  'Start and finish': 'run start every stop resume finish round archive unarchive import prune demo',
  Inspect: 'watch web list status log services show diff report cost why verify wait worktrees',
  Decide: 'answer plan approve changes review message rewind',
  'Set up': 'init trust install uninstall config doctor supervisor takeover pool notify mute completion',
};

const GROUPED = Object.entries(GROUPS).map(([title, text]): [string, string[]] => [title, text.split(' ')]);
const FURTHER = Object.keys(BY_NAME).filter((name) => !GROUPED.some(([, names]) => names.includes(name)));

const COMMAND_GROUPS = GROUPED.map(([title, names], at): CommandGroup => {
  const all = at < GROUPED.length - 1 ? names : [...names, ...FURTHER];
  return [title, all.flatMap((name) => BY_NAME[name] ?? [])];
});

export const COMMANDS: readonly AddCommand[] = COMMAND_GROUPS.flatMap(([, commands]) => commands);

function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('Print a script that completes commands, options and session names')
    .addArgument(new Argument('<shell>', 'the shell that runs it').choices(Object.keys(COMPLETION_SCRIPTS)))
    .action((shell: string) => cli.output.raw(COMPLETION_SCRIPTS[shell] ?? ''));
}

export function makeProgram(cli: Cli): Command {
  return newProgram(cli, COMMAND_GROUPS);
}

export async function runWhole(cli: Cli, argv: readonly string[]): Promise<void> {
  const program = isOriginalForm(argv) ? originalForm(cli) : makeProgram(cli);
  await runProgram(cli, argv, program, async (...asked) => {
    const { askName } = await import('./ask-name.ts');
    return await askName(...asked);
  });
}

export function openWhole(started: Started): OpenProgram {
  useProviders();
  useExtensions();
  const cli = newCli(started, {
    openScreen(output, listener) {
      const { stdin, stdout } = process;
      return newWholeScreen({ stdin, stdout, output, process, gone: started.terminalGone }, listener);
    },
    async useSupervisorParts() {
      (await import('../extensions/supervisor.ts')).useSupervisorParts();
    },
  });
  return { output: cli.output, run: () => runWhole(cli, started.argv) };
}
