import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type CommandResult, runCommand } from '../../../src/core/kernel/processes/run-command.ts';
import { shellWord } from '../../../src/core/kernel/shell-quoted.ts';
import { askTool } from '../../app/unit/server/ask-tool.ts';
import type { SessionRig } from '../../support/session-rig.ts';

/** The answer of a samocode program to a parent: the code of its refusal, if it refused. */
export interface Answer {
  code: string | undefined;
  text: string;
}

/** What a parent model can use: samocode's tools, and a shell for its command line. */
export class ParentKit {
  readonly rig: SessionRig;

  constructor(rig: SessionRig) {
    this.rig = rig;
  }

  get projectFile(): string {
    return join(this.rig.repo.path, '.samocode');
  }

  /** Plays an act while a file has other content. */
  async withChanged(
    path: string,
    change: (text: string) => string,
    play: (kit: ParentKit) => Promise<Answer>,
  ): Promise<Answer> {
    const text = await readFile(path, 'utf8');
    await writeFile(path, change(text));
    expect(await readFile(path, 'utf8'), 'the file was changed').not.toBe(text);
    return await play(this).finally(() => writeFile(path, text));
  }

  get session(): string {
    return this.rig.file.folder;
  }

  async tool(name: string, args: Record<string, unknown> = {}): Promise<Answer> {
    const { json } = await askTool(name, args, this.rig.context('tool'));
    return { code: codeIn(json), text: JSON.stringify(json) };
  }

  /** Runs samocode's command line with an empty stdin and pipes, as an agent's shell tool does. */
  async cli(...args: string[]): Promise<Answer> {
    return answerOf(await this.#run(process.execPath, [this.rig.program('cli'), ...args, '--json']));
  }

  /**
   * The same in a pseudo-terminal. `env`: the variables of that shell; `before`: the text before the samocode command.
   */
  async terminal(args: string[], { env = {}, before = '' }: TerminalPlan = {}): Promise<Answer> {
    const words = [process.execPath, this.rig.program('cli'), ...args, '--json'].map(shellWord).join(' ');
    const inPty = `${before} script -qec ${shellWord(words)} /dev/null`;
    // The shell stays: it is the ancestor whose variables count.
    return answerOf(await this.#run('sh', ['-c', `${inPty}; status=$?; exit $status`], env));
  }

  /** The hash of the plan that waits, as read by any reader. */
  async planHash(): Promise<string> {
    return (await this.rig.readPlan()).hash;
  }

  async #run(file: string, args: string[], env: Record<string, string> = {}): Promise<CommandResult> {
    const { repo } = this.rig;
    return await runCommand(file, args, { cwd: repo.path, env: { ...repo.env, ...env } });
  }
}

interface TerminalPlan {
  env?: Record<string, string>;
  before?: string;
}

function answerOf({ stdout, stderr }: CommandResult): Answer {
  const text = `${stdout}${stderr}`.trim();
  const json = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  return { code: codeIn(JSON.parse(json || 'null')), text };
}

function codeIn(json: { code?: unknown; error?: { code?: unknown } } | null): string | undefined {
  const code = json?.code ?? json?.error?.code;
  return typeof code === 'string' ? code : undefined;
}
