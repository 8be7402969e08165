import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRepo, type TempRepo } from './temp-repo.ts';

export interface HostilePlan {
  /** Committed files of the clone, by path; `.samocode` among them. */
  files?: Readonly<Record<string, string>>;
  /** Committed links of the clone, by path. */
  links?: Readonly<Record<string, string>>;
  /** A committed folder that looks like a git folder, whose settings name programs. */
  gitFolder?: string;
  /** Empty folders that exist below the temporary folder before the clone is opened; `home/…` is below home. */
  folders?: readonly string[];
}

/** A fresh clone of a repository of others: its committed files are theirs, and its git folder is the person's. */
export interface HostileClone extends TempRepo {
  /** Whether a program that the clone names has run. */
  hasRun(): boolean;
}

/** The caller disposes of it. Whatever a clone can name as a program is noticed. */
export async function makeHostileClone(plan: HostilePlan = {}): Promise<HostileClone> {
  const { files = {}, links = {}, gitFolder, folders = [] } = plan;
  const first = { 'README.md': '# Theirs\n', '.gitattributes': '* filter=x\n' };
  const repo = await makeRepo({ files: first });
  const canary = join(repo.root, 'canary');
  for (const folder of folders) await mkdir(join(repo.root, folder), { recursive: true });
  for (const [name, target] of Object.entries(links)) await symlink(target, join(repo.path, name));
  await repo.write(files);
  if (gitFolder !== undefined) await addGitFolder(repo, gitFolder, canary);
  await repo.commit('Theirs');
  return { ...repo, hasRun: () => existsSync(canary) };
}

/** A committed folder that git takes for a repository wherever it does not insist on an entry `.git`. */
async function addGitFolder({ git, path, write }: TempRepo, folder: string, canary: string): Promise<void> {
  await git(['clone', '--quiet', '--bare', path, join(path, folder)]);
  const program = JSON.stringify(`touch ${canary}; cat`);
  const config = [
    '[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = .',
    `\tsshCommand = ${program}\n\tfsmonitor = ${program}`,
    `[filter "x"]\n\tsmudge = ${program}\n\tclean = ${program}`,
    '[remote "origin"]\n\turl = ssh://nowhere.invalid/x\n\tfetch = +refs/heads/*:refs/remotes/origin/*',
    '[user]\n\tname = x\n\temail = x@example.invalid\n',
  ].join('\n');
  // git commits no empty folder.
  await write({ [join(folder, 'config')]: config, [join(folder, 'refs/.keep')]: '' });
}
