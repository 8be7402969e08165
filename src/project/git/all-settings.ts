import { runGit } from './git.ts';
import { isAboutPrograms, type ProgramSettings, type Setting, undoChanged } from './git-programs.ts';
import type { GitContext } from './repository.ts';

export interface ScopedSetting {
  /** False for one of the person or the machine. */
  isOfRepository: boolean;
  setting: Setting;
}

/** All settings that hold in a folder, also by way of files that they include, without our own. */
export async function allSettings(
  folder: string,
  { config: _ours, ...context }: GitContext,
): Promise<ScopedSetting[]> {
  const list = ['config', '--list', '--includes', '--show-scope', '-z'];
  const { stdout } = await runGit(list, { ...context, cwd: folder, allowFailure: true });
  const words = stdout.split('\0');
  const settings: ScopedSetting[] = [];
  for (let index = 0; index + 1 < words.length; index += 2) {
    const [scope = '', entry = ''] = words.slice(index, index + 2);
    if (scope === 'command') continue;
    const [key = '', ...value] = entry.split('\n');
    const isOfRepository = scope !== 'system' && scope !== 'global';
    settings.push({ isOfRepository, setting: [key, value.join('\n')] });
  }
  return settings;
}

/** Those among them by which git would start a program. */
export function programsAmong(settings: readonly ScopedSetting[]): ProgramSettings {
  const programs = settings.filter(({ setting }) => isAboutPrograms(setting));
  const of = (isOfRepository: boolean) =>
    programs.filter((each) => each.isOfRepository === isOfRepository).map(({ setting }) => setting);
  return { repository: of(true), outside: of(false) };
}

/** How git is run where nobody knows who wrote the settings: it starts what the person's own files name, and no more. */
export async function withoutPrograms(folder: string, context: GitContext): Promise<GitContext> {
  const programs = programsAmong(await allSettings(folder, context));
  return { ...context, config: undoChanged({ ...programs, repository: [] }, programs, context.baseEnv) };
}
