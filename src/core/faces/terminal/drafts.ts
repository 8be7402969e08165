import { readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { commentsIn, type LineComment } from '../../caller/facts/line-comments.ts';
import { configFolder } from '../../kernel/config-folder.ts';
import { ifExists, systemErrorCode } from '../../kernel/errors.ts';
import { writeWhole } from '../../kernel/files/atomic-file.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { makeFolder } from '../../kernel/files/make-folder.ts';
import { runAtTerminal } from '../../kernel/processes/run-at-terminal.ts';
import type { SessionPaths } from '../../session/layout/paths.ts';
import { askYesNo } from './ask.ts';
import type { Cli, Menus } from './cli.ts';
import { CLI_ERRORS } from './cli-errors.ts';

/** What a person types where there is no editor. */
const TYPED = 'typed.md';
/** A yes, a no and the letters of options are no text: they are typed again at once. */
const LONGEST_CHOICE = 4;

interface DraftsOf {
  paths: Pick<SessionPaths, 'folder' | 'runDir'>;
}

/**
 * What a person writes for one session in an editor or a dialog. It is in private files until it is recorded. However
 * the act ends, a text that is not recorded stays, and its file is named.
 */
export class Drafts implements AsyncDisposable {
  readonly #cli: Cli;
  readonly #folder: string;
  /** The files of this act, and the text with which each began. */
  readonly #begun = new Map<string, string>();
  /** What could not be written: then only these words are left. */
  #unwritten = '';

  constructor(cli: Cli, { paths: { folder, runDir } }: DraftsOf) {
    this.#cli = cli;
    // Sessions of two projects may have the same name.
    this.#folder = join(configFolder(cli.home), 'drafts', `${folder}-${fingerprint(runDir).slice(0, 8)}`);
  }

  /**
   * Opens a text in the user's editor; first the version that an earlier act could not record, if the person wants it.
   * @param name the name of the file in the editor, which selects the syntax highlighting
   * @param fits whether an earlier version is still one of this text
   * @returns the saved text; undefined if it is the given one, or the person leaves an earlier version for later
   * @throws editor_failed
   */
  async edited(name: string, text: string, fits = (_earlier: string) => true): Promise<string | undefined> {
    const path = join(this.#folder, name);
    const earlier = await this.#earlier(path, text, fits);
    if (earlier === 'later') return undefined;
    await this.#write(path, earlier ?? text);
    this.#begun.set(path, text);
    const edited = await this.#inEditor(path, earlier ?? text);
    return edited === text ? undefined : edited;
  }

  /** The same terminal, but what the person types in a dialog is written into a file before anything else is done. */
  async typing(): Promise<Cli> {
    const path = join(this.#folder, TYPED);
    if ((await readText(path)) !== undefined) await this.#putAside(path);
    const keep = async <T extends string | undefined>(question: string, typing: Promise<T>): Promise<T> => {
      const typed = await typing;
      if (typed !== undefined && typed.trim().length > LONGEST_CHOICE) await this.#add(path, question, typed);
      return typed;
    };
    const { menus: load } = this.#cli;
    const menus = async (): Promise<Menus> => {
      // Called only where there are menus.
      const all = await (load as () => Promise<Menus>)();
      return { ...all, write: (question, validate) => keep(question, all.write(question, validate)) };
    };
    const own: Pick<Cli, 'ask' | 'menus'> = {
      ask: (question) => keep(question, this.#cli.ask(question)),
      menus: load && menus,
    };
    // Not a copy: `cwd` is a getter that may throw.
    return Object.assign(Object.create(this.#cli) as Cli, own);
  }

  /** Removes the files of this act: another file now has what they say. */
  async recorded(): Promise<void> {
    for (const path of this.#begun.keys()) await rm(path, { force: true });
    this.#begun.clear();
    this.#unwritten = '';
  }

  /** Removes a file in which the person wrote nothing. */
  async drop(name: string): Promise<void> {
    const path = join(this.#folder, name);
    if (this.#begun.delete(path)) await rm(path, { force: true });
  }

  /** Names what is not recorded; a file that the person has not changed is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { output } = this.#cli;
    for (const [path, begunWith] of this.#begun) {
      const now = await readText(path);
      if (now === begunWith) await rm(path, { force: true });
      else if (now !== undefined) output.warn(`What you wrote is not recorded. It is kept in ${path}`);
    }
    if (this.#unwritten !== '')
      output.warn(`What you wrote is not recorded, and no file could keep it:\n${this.#unwritten}`);
    // Stays while it has files.
    await rmdir(this.#folder).catch(() => undefined);
  }

  /** @returns the earlier version to continue with; undefined if there is none */
  async #earlier(path: string, text: string, fits: (earlier: string) => boolean) {
    const earlier = await readText(path);
    if (earlier === undefined || earlier === text) return undefined;
    if (fits(earlier)) {
      const goesOn = await askYesNo(
        this.#cli,
        'What you wrote here earlier is not recorded. Continue with it?',
        true,
      );
      if (goesOn === undefined) return 'later';
      if (goesOn) return earlier;
    }
    await this.#putAside(path);
    return undefined;
  }

  /** Renames a text that was never recorded: only the person removes it. */
  async #putAside(path: string): Promise<void> {
    let to = path;
    for (let number = 1; (await ifExists(stat(to))) !== undefined; number += 1) to = `${path}.${number}`;
    await rename(path, to);
    this.#cli.output.warn(`What you wrote earlier is not recorded. It is kept in ${to}`);
  }

  async #write(path: string, text: string): Promise<void> {
    makeFolder(this.#folder, 0o700);
    await writeWhole(path, text, { sync: 'file', mode: 0o600 });
  }

  async #add(path: string, question: string, typed: string): Promise<void> {
    const words = `${question.trim()}\n${typed}\n\n`;
    try {
      const before = this.#begun.has(path) ? await readText(path) : '';
      await this.#write(path, `${before ?? ''}${words}`);
      this.#begun.set(path, '');
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
      // The text is still sent; it is shown if that fails, too.
      this.#unwritten += words;
    }
  }

  async #inEditor(path: string, begunWith: string): Promise<string> {
    const { env } = this.#cli;
    const { clock } = await this.#cli.actionContext();
    const editor = env.VISUAL || env.EDITOR || 'vi';
    const begunMs = clock.monotonic();
    const status = await runAtTerminal({
      command: `${editor} "$@"`,
      args: [path],
      cwd: this.#folder,
      env,
    });
    if (status !== 0) throw CLI_ERRORS.editor_failed({ editor, status });
    const isSuspect = clock.monotonic() - begunMs < AT_ONCE_MS;
    for (;;) {
      const edited = await readText(path);
      if (edited === undefined) throw CLI_ERRORS.draft_gone({ path });
      if (edited !== begunWith || !isSuspect || !(await this.#isStillOpen(editor))) return edited;
    }
  }

  async #isStillOpen(editor: string): Promise<boolean> {
    this.#cli.output.warn(
      `${editor} ended at once, and the text is unchanged. An editor that opens a separate window needs an option that makes it wait, as in EDITOR="code --wait".`,
    );
    const question = 'Is the editor still open? Save the text there and close it, then answer yes';
    return (await askYesNo(this.#cli, question)) === true;
  }
}

/** No person reads a text and closes it within this time. */
const AT_ONCE_MS = 1000;

async function readText(path: string): Promise<string | undefined> {
  return await ifExists(readFile(path, 'utf8'));
}

const HEAD = [
  '# Write each comment on a new line, below the line that it is about.',
  '# A comment here, above the first line, is about the whole text. Without a comment, nothing is sent.',
];

/** Opens a text in the user's editor and collects the comments between its lines. */
export async function commentsOn(
  drafts: Drafts,
  { name, lines }: { name: string; lines: readonly string[] },
): Promise<LineComment[]> {
  const shown = [...HEAD, '', ...lines];
  // Comments on another text would all be taken for new ones.
  const fits = (earlier: string) => isWithin(shown, earlier.split('\n'));
  const edited = await drafts.edited(name, `${shown.join('\n')}\n`, fits);
  const comments = edited === undefined ? [] : commentsIn(shown, edited);
  if (comments.length === 0) await drafts.drop(name);
  const above = HEAD.length + 1;
  return comments.map(({ below, text }) => ({ below: Math.max(-1, below - above), text }));
}

/** Whether all lines stand in `all`, in their order. */
function isWithin(lines: readonly string[], all: readonly string[]): boolean {
  let at = 0;
  for (const line of all) if (lines[at]?.trimEnd() === line.trimEnd()) at += 1;
  return at === lines.length;
}
