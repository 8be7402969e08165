import { type Command, Option } from 'commander';
import { isRehearsal } from '../../agents/registry.ts';
import { safeGit } from '../../caller/context/session-branch.ts';
import { inTheWay, type Preview } from '../../caller/facts/preview.ts';
import { askYesNo } from '../../faces/terminal/ask.ts';
import { confirmPreview, formatPreview } from '../../faces/terminal/ask-preview.ts';
import { type Cli, EXIT } from '../../faces/terminal/cli.ts';
import { printDone } from '../../faces/terminal/print-done.ts';
import { shownPath } from '../../faces/terminal/session-words.ts';
import { projectOf, type SharedOptions, withSharedOptions } from '../../faces/terminal/shared-options.ts';
import { runAtTerminal } from '../../kernel/processes/run-at-terminal.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import { gitAtTerminal } from '../../project/git/git.ts';
import { areUnread } from '../../project/git/git-programs.ts';
import { hasPrePushHook } from '../../project/git/pre-push-hook.ts';
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
  for (const way of FINISH_CHOICE_NAMES) {
    const others = FINISH_CHOICE_NAMES.filter((each) => each !== way).map((each) =>
      optionOf(each).attributeName(),
    );
    command.addOption(optionOf(way).conflicts(others));
  }
  const others = FINISH_CHOICE_NAMES.filter((way) => way !== 'pull_request').map((way) =>
    optionOf(way).attributeName(),
  );
  command.addOption(
    new Option(
      '--with-answers',
      "include people's answers in the pull request, even if it is public",
    ).conflicts(others),
  );
  command.addOption(
    new Option('--watch', 'watch the pull request until it is merged, and work on its feedback').conflicts(
      others,
    ),
  );
  command.addOption(new Option('--no-watch', 'do not watch it, even with PR_WATCH=on').conflicts(others));
  command.option('-y, --yes', 'do not ask').action(async (session: string, options: FinishOptions) => {
    const way =
      FINISH_CHOICE_NAMES.find((each) => options[optionOf(each).attributeName()]) ??
      (await choose(cli, session, options));
    if (way === undefined) return;
    const target = await confirm(cli, session, way, options);
    if (target === undefined) return;
    const { finishSession } = await import('./finish-session.act.ts');
    // The checks of a merge can take a long time. A person who does not want to wait can press Ctrl-C; the worker
    // continues.
    const input = { ...inputOf(way, options), ...target, waitMs: DAY_MS };
    if (way === 'merge') cli.output.say('Merging; checks may take a while. Ctrl-C stops only the waiting.');
    const context = await cli.actionContext();
    const finished = await finishSession(input, context);
    // git can ask for a login here; the worker then finds the commit on the remote.
    const isPushed = cli.isInteractive && finished.unpushed && (await pushHere(cli, finished));
    printFinished(cli, isPushed ? await finishSession(input, context) : finished, { how: way });
  });
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
  if (areUnread(git.config) || (await hasPrePushHook(mainRepo, git))) return false;
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
async function choose(cli: Cli, session: string, options: FinishOptions): Promise<FinishChoice | undefined> {
  const previews = await Promise.all(
    FINISH_CHOICE_NAMES.map(async (way) => ({ way, preview: await previewOf(cli, session, way, options) })),
  );
  const menus = cli.isInteractive ? await cli.menus?.() : undefined;
  const free = previews.filter(({ preview }) => preview.refusal === undefined);
  if (menus && free.length > 0) {
    const choices = free.map(({ way }) => ({ value: way, label: FINISH_CHOICES[way].about }));
    const settings = free[0]?.preview.view.sessionFile?.settings;
    const first = settings && isRehearsal(settings) ? 'discard' : undefined;
    const chosen = await menus.choose('How should it be finished? Esc cancels', choices, first);
    return FINISH_CHOICE_NAMES.find((way) => way === chosen);
  }
  const ways = previews.map(({ way, preview }) => ({
    how: way,
    would: preview.would,
    inTheWay: inTheWay(preview),
  }));
  cli.output.result({ session, ways }, () =>
    previews
      .map(({ way, preview }) =>
        formatPreview(cli, `${FINISH_CHOICES[way].title} (${optionOf(way).flags})`, preview),
      )
      .join('\n'),
  );
  return undefined;
}

async function confirm(
  cli: Cli,
  session: string,
  way: FinishChoice,
  given: FinishOptions,
): Promise<Pick<ConfirmedFinish, 'session' | 'watch' | 'shown'> | undefined> {
  const { yes } = given;
  const first = await previewOf(cli, session, way, given);
  const isAsked = cli.isInteractive && !yes && given.watch === undefined && first.watch !== undefined;
  const watch = isAsked ? await askYesNo(cli, WATCH_QUESTION, first.watch) : given.watch;
  if (isAsked && watch === undefined) return undefined;
  const options = watch === undefined ? given : { ...given, watch };
  const shown = !isAsked || watch === first.watch ? first : await previewOf(cli, session, way, options);
  const { folder } = shown.view;
  const { withAnswers } = options;
  const flags = [
    optionOf(way).flags,
    ...(withAnswers ? ['--with-answers'] : []),
    ...(watch === undefined ? [] : [watch ? '--watch' : '--no-watch']),
  ].join(' ');
  const command = `samocode finish ${shellWord(folder)} ${flags} --yes`;
  const agreed = await confirmPreview(cli, {
    preview: shown,
    title: `${FINISH_CHOICES[way].title}: ${folder}`,
    command,
    facts: { how: way },
    yes,
  });
  return agreed && { ...agreed, watch };
}

const WATCH_QUESTION = 'Watch it until it is merged, and work on its feedback?';

async function previewOf(
  cli: Cli,
  session: string,
  way: FinishChoice,
  options: FinishOptions,
): Promise<Preview> {
  const { previewFinish } = await import('./preview-finish.act.ts');
  const question = { session, isExact: options.yes };
  return await previewFinish({ ...question, ...inputOf(way, options) }, await cli.actionContext());
}

function inputOf(how: FinishChoice, options: FinishOptions): Omit<FinishSessionInput, 'session'> {
  const { withAnswers = false, watch } = options;
  return { ...projectOf(options), how, keep: [], withAnswers, ...(watch !== undefined && { watch }) };
}

type ArchiveOptions = SharedOptions & { documents?: true; keep?: string[]; yes?: true };

export function addArchive(program: Command, cli: Cli): void {
  withSharedOptions(program.command('archive <session>'))
    .description('Archive a session unless work would be lost; its branch is kept')
    .option('--documents', 'archive only its documents, so that it can take new work')
    .option('--keep <file...>', 'documents to leave in place (with --documents)')
    .option('-y, --yes', 'do not ask')
    .action(async (session: string, options: ArchiveOptions) => {
      const { finishSession } = await import('./finish-session.act.ts');
      const keep = options.keep ?? [];
      const documentsOnly = options.documents === true || keep.length > 0;
      const how = documentsOnly ? 'archive_documents' : 'keep_branch';
      const asked = { session, ...projectOf(options), how, keep } as const;
      const input = await confirmArchive(cli, { ...asked, isExact: options.yes }, options);
      if (input === undefined) return;
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

async function confirmArchive(
  cli: Cli,
  input: FinishSessionInput,
  { yes }: ArchiveOptions,
): Promise<ConfirmedFinish | undefined> {
  const { previewFinish } = await import('./preview-finish.act.ts');
  const preview = await previewFinish(input, await cli.actionContext());
  const { folder } = preview.view;
  const title = input.how === 'keep_branch' ? `Archive ${folder}` : `Archive documents of ${folder}`;
  const keep = input.keep.map((name) => ` ${shellWord(name)}`).join('');
  const options = `${input.how === 'keep_branch' ? '' : ' --documents'}${keep && ` --keep${keep}`}`;
  const command = `samocode archive ${shellWord(folder)}${options} --yes`;
  const agreed = await confirmPreview(cli, { preview, title, command, facts: { how: input.how }, yes });
  return agreed && { ...input, ...agreed };
}
