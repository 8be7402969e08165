import { type Command, Option } from 'commander';
import { isRehearsal } from '../../agents/registry.ts';
import { safeGit } from '../../caller/context/session-branch.ts';
import { inTheWay, type Preview } from '../../caller/facts/preview.ts';
import { askYesNo } from '../../faces/terminal/ask.ts';
import { confirmPreview, formatPreview, type PreviewOptions } from '../../faces/terminal/ask-preview.ts';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import { shownPath } from '../../faces/terminal/session-words.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import { runAtTerminal } from '../../kernel/processes/run-at-terminal.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { gitAtTerminal } from '../../project/git/git.ts';
import { areUnread } from '../../project/git/git-programs.ts';
import { prePushHook } from '../../project/git/pre-push-hook.ts';
import { FINISH_CHOICE_NAMES, FINISH_CHOICES, type FinishChoice } from './finish-choices.ts';
import type { FinishResult } from './finish-rows.ts';
import type { ConfirmedFinish, FinishSessionInput } from './publishing.ts';

const DAY_MS = 24 * 60 * 60_000;

type FinishOptions = SharedOptions & { yes?: true; withAnswers?: true; watch?: boolean } & Readonly<
    Record<string, unknown>
  >;

export function addFinish(program: Command, cli: Cli): void {
  const command = withSharedOptions(program.command('finish <session>')).description(
    'Merge, publish, archive or discard a session, or show what each would do',
  );
  for (const way of FINISH_CHOICE_NAMES) command.addOption(optionOf(way).conflicts(waysBut(way)));
  for (const [flags, about] of OF_PULL_REQUEST)
    command.addOption(new Option(flags, about).conflicts(waysBut('pull_request')));
  command.option('-y, --yes', 'do not ask').action(async (session: string, options: FinishOptions) => {
    const { withAnswers, watch, yes } = options;
    const asked = { session, ...projectOf(options), keep: [], withAnswers, watch, isExact: yes };
    const how =
      FINISH_CHOICE_NAMES.find((each) => options[optionOf(each).attributeName()]) ??
      (await choose(cli, asked));
    const agreed = how && (await confirmFinish(cli, { ...asked, how }, yes));
    if (agreed === undefined) return;
    const { finishSession } = await import('./finish-session.act.ts');
    // The checks of a merge can take a long time. A person who does not want to wait can press Ctrl-C; the worker
    // continues.
    const input = { ...agreed, waitMs: DAY_MS };
    if (how === 'merge') cli.output.say('Merging; checks may take a while. Ctrl-C stops only the waiting.');
    const context = await cli.actionContext();
    const finished = await finishSession(input, context);
    // git can ask for a login here; the worker then finds the commit on the remote.
    const isPushed = cli.isInteractive && finished.unpushed && (await pushHere(cli, finished));
    printFinished(cli, isPushed ? await finishSession(input, context) : finished, { how });
  });
}

const OF_PULL_REQUEST = [
  ['--with-answers', "include people's answers in the pull request, even if it is public"],
  ['--watch', 'watch the pull request until it is merged, and work on its feedback'],
  ['--no-watch', 'do not watch it, even with PR_WATCH=on'],
] as const;

/** The names by which commander knows the options of the other ways. */
function waysBut(way: FinishChoice): string[] {
  return FINISH_CHOICE_NAMES.filter((each) => each !== way).map((each) => optionOf(each).attributeName());
}

/**
 * Pushes the commit that the worker could not push: by the settings that a person accepted, and without hooks, so not
 * where one would judge the push. @returns whether git did
 */
async function pushHere(cli: Cli, { view, done, unpushed }: FinishResult): Promise<boolean> {
  const mainRepo = view.sessionFile?.mainRepo;
  if (unpushed === undefined || mainRepo === undefined) return false;
  const { tip, remote, branch } = unpushed;
  const git = await safeGit(view, await cli.actionContext());
  if (areUnread(git.config) || (await prePushHook(mainRepo, git)) !== undefined) return false;
  cli.output.say(done);
  if (!(await askYesNo(cli, 'Push it from this terminal, where git can ask you for a login?', true)))
    return false;
  const push = ['push', '--no-recurse-submodules', '--', remote, `${tip}:refs/heads/${branch}`];
  const program = gitAtTerminal(push, git);
  return (await runAtTerminal({ command: 'exec git "$@"', cwd: mainRepo, ...program })) === 0;
}

function printFinished(cli: Cli, finished: FinishResult, facts: object): void {
  const { place, moved: _moved, unpushed: _unpushed, view, done, next, bodyPath, ...result } = finished;
  const { commands } = result;
  if (commands.length > 0) cli.leaveWith(EXIT.waiting);
  const text = bodyPath && `The text of the pull request: ${shownPath(bodyPath, cli)}`;
  printDone(
    cli,
    { view, next, done: done.replace(place, shownPath(place, cli)) },
    {
      facts: { ...facts, ...result, bodyFile: bodyPath, place: place || undefined },
      lines: [...commands.map((command) => `  ${command}`), ...(text ? [text] : [])],
      isPartial: commands.length > 0,
    },
  );
}

function optionOf(way: FinishChoice): Option {
  return new Option(`--${way.replaceAll('_', '-')}`, FINISH_CHOICES[way].about);
}

/** Asks with a menu; without menus, prints a preview of every way. */
async function choose(cli: Cli, asked: Omit<FinishSessionInput, 'how'>): Promise<FinishChoice | undefined> {
  const previews = await Promise.all(
    FINISH_CHOICE_NAMES.map(async (way) => ({ way, preview: await previewOf(cli, { ...asked, how: way }) })),
  );
  const menus = cli.isInteractive ? await cli.menus?.() : undefined;
  const free = previews.filter(({ preview }) => preview.refusal === undefined);
  const view = free[0]?.preview.view;
  if (menus && view !== undefined) {
    const choices = free.map(({ way }) => ({ value: way, label: FINISH_CHOICES[way].about }));
    const { stakeLine, workAtStake } = await import('../../caller/facts/at-stake.ts');
    cli.output.say(stakeLine(await workAtStake(view, await cli.actionContext())));
    const settings = view.sessionFile?.settings;
    const first = settings && isRehearsal(settings) ? 'discard' : undefined;
    const chosen = await menus.choose('How should it be finished? Esc cancels', choices, first);
    return FINISH_CHOICE_NAMES.find((way) => way === chosen);
  }
  const ways = previews.map(({ way, preview }) => ({
    how: way,
    would: preview.would,
    inTheWay: inTheWay(preview),
  }));
  cli.output.result({ session: asked.session, ways }, () =>
    previews
      .map(({ way, preview }) =>
        formatPreview(cli, `${FINISH_CHOICES[way].title} (${optionOf(way).flags})`, preview),
      )
      .join('\n'),
  );
  return undefined;
}

async function confirmFinish(
  cli: Cli,
  input: FinishSessionInput & { how: FinishChoice },
  yes: true | undefined,
): Promise<ConfirmedFinish | undefined> {
  const { how, withAnswers } = input;
  const first = await previewOf(cli, input);
  const isAsked = cli.isInteractive && !yes && input.watch === undefined && first.watch !== undefined;
  const watch = isAsked ? await askYesNo(cli, WATCH_QUESTION, first.watch) : input.watch;
  if (isAsked && watch === undefined) return undefined;
  const chosen = { ...input, watch };
  const preview = !isAsked || watch === first.watch ? first : await previewOf(cli, chosen);
  const flags = [
    optionOf(how).flags,
    ...(withAnswers ? ['--with-answers'] : []),
    ...(watch === undefined ? [] : [watch ? '--watch' : '--no-watch']),
  ];
  const { folder } = preview.view;
  const title = `${FINISH_CHOICES[how].title}: ${folder}`;
  return await confirm(cli, chosen, { preview, title, command: 'finish', flags, yes });
}

const WATCH_QUESTION = 'Watch it until it is merged, and work on its feedback?';

async function previewOf(cli: Cli, input: FinishSessionInput): Promise<Preview> {
  const { previewFinish } = await import('./finish-session.act.ts');
  return await previewFinish(input, await cli.actionContext());
}

async function confirm(
  cli: Cli,
  input: FinishSessionInput,
  { command, flags, ...shown }: PreviewOptions & { flags: readonly string[] },
): Promise<ConfirmedFinish | undefined> {
  const words = ['samocode', command, shellWord(shown.preview.view.folder), ...flags, '--yes'];
  const facts = { how: input.how };
  const agreed = await confirmPreview(cli, { ...shown, command: words.join(' '), facts });
  return agreed && { ...input, ...agreed };
}

type ArchiveOptions = SharedOptions & { documents?: true; keep?: string[]; yes?: true };

export function addArchive(program: Command, cli: Cli): void {
  withSharedOptions(program.command('archive <session>'))
    .description('Archive a session unless work would be lost; its branch is kept')
    .option('--documents', 'archive only its documents, so that it can take new work')
    .option('--keep <file...>', 'documents to leave in place (with --documents)')
    .option('-y, --yes', 'do not ask')
    .action(async (session: string, options: ArchiveOptions) => {
      const keep = options.keep ?? [];
      const documentsOnly = options.documents === true || keep.length > 0;
      const how = documentsOnly ? 'archive_documents' : 'keep_branch';
      const asked = { session, ...projectOf(options), how, keep, isExact: options.yes } as const;
      const preview = await previewOf(cli, asked);
      const title = `Archive ${documentsOnly ? 'documents of ' : ''}${preview.view.folder}`;
      const kept = keep.length > 0 ? ['--keep', ...keep.map(shellWord)] : [];
      const flags = documentsOnly ? ['--documents', ...kept] : [];
      const shown = { preview, title, command: 'archive', flags, yes: options.yes };
      const input = await confirm(cli, asked, shown);
      if (input === undefined) return;
      const { finishSession } = await import('./finish-session.act.ts');
      const finished = await finishSession(input, await cli.actionContext());
      printFinished(cli, finished, { moved: finished.moved });
    });
}

export function addUnarchive(program: Command, cli: Cli): void {
  withSharedOptions(program.command('unarchive <session>'))
    .description('Restore a session from the archive')
    .action(async (session: string, options: SharedOptions) => {
      const { finishUnasked } = await import('./finish-session.act.ts');
      const input = { session, ...projectOf(options), how: 'unarchive', keep: [] } as const;
      printDone(cli, await finishUnasked(input, await cli.actionContext()));
    });
}
