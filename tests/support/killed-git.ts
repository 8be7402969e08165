import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';

/**
 * A git in front of PATH that is killed, as the system kills when memory runs out. Only calls of ours are, which begin
 * with our settings. The form of a call is its subcommand with the names of its options.
 */
export class KilledGit {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async in(folder: string): Promise<KilledGit> {
    await mkdir(join(folder, 'once'), { recursive: true });
    const { stdout } = await runCommand('sh', ['-c', 'command -v git']);
    await writeFile(join(folder, 'git'), script(folder, stdout.trim()), { mode: 0o755 });
    const git = new KilledGit(folder);
    await git.killNone();
    return git;
  }

  /** Before the given PATH. */
  pathBefore(path = ''): string {
    return [this.#folder, path].join(delimiter);
  }

  async killNone(): Promise<void> {
    await writeFile(join(this.#folder, 'kill'), 'none\n');
  }

  async killEach(form: string): Promise<void> {
    await writeFile(join(this.#folder, 'kill'), `${form}\n`);
  }

  async killFirstOf(forms: readonly string[]): Promise<void> {
    for (const form of forms) await mkdir(join(this.#folder, 'once', form));
    await writeFile(join(this.#folder, 'kill'), 'once\n');
  }

  /** Those that were called, in their order. */
  async forms(): Promise<string[]> {
    const lines = (await readFile(join(this.#folder, 'calls'), 'utf8')).split('\n');
    return [...new Set(lines.filter(Boolean))];
  }
}

const script = (folder: string, git: string) => `#!/bin/sh
[ "$2" = core.hooksPath=/dev/null ] || exec ${git} "$@"
form_of() {
  while [ "$1" = -c ]; do shift 2; done
  form=$1
  for word; do
    case $word in -*) form="$form \${word%%=*}" ;; esac
  done
}
form_of "$@"
echo "$form" >>'${folder}/calls'
read -r kill <'${folder}/kill'
case $kill in
  "$form") kill -9 $$ ;;
  once) rmdir '${folder}/once/'"$form" 2>/dev/null && kill -9 $$ ;;
esac
exec ${git} "$@"
`;
