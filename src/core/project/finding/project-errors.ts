import { errors } from '../../kernel/errors.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';

export const PROJECT_ERRORS = errors({
  file_in_the_way: ({ path }: { path: string }) => ({
    what: 'Nothing was set up.',
    why: `${path} exists, but it is not a file, or another user may have left it in a folder that everyone can write to.`,
    hint: 'Check it, move it away, then set the project up again.',
  }),
  folders_collide: ({ first, second, path, example }: Collision) => ({
    what: `${first} and ${second} cannot be used together.`,
    why: `Both are ${path}, and sessions would mix with other files.`,
    hint: `Give ${first} a separate folder in .samocode, for example ${example}.`,
  }),
  home_differs: ({ environment, file, path }: { environment: string; file?: string; path: string }) => ({
    what: 'Nothing was done.',
    why: `The environment has SAMOCODE_HOME=${environment}, ${path} has ${file === undefined ? 'none' : file}: programs with another environment would look for sessions elsewhere.`,
    hint: `Write the line SAMOCODE_HOME=${environment} into ${path}, or unset the variable.`,
  }),
  line_without_effect: ({ mistake }: { mistake: string }) => ({
    what: 'Nothing was set up.',
    why: mistake,
    hint: 'docs/settings.md lists the settings.',
  }),
  place_not_ours: ({ key, place, found }: { key: string; place: string; found: StrangePlace }) => ({
    what: `${key}=${place} cannot be used.`,
    why: `${whyStrange(found)}; samocode makes its folders only where git never writes, whoever trusted the file.`,
    hint: `${repairOf(found)}, or give ${key} a folder outside of every repository.`,
  }),
  place_not_trusted: ({ filePath, lines }: { filePath: string; lines: string }) => ({
    what: `${filePath} is not trusted yet.`,
    why: `These lines name a place outside the folder of the file, or one that other programs use as well, and samocode takes nothing from there until the file is trusted: ${lines}.`,
    next: [{ act: 'trust' }],
  }),
  project_file_unreadable: ({ path, isMissing }: { path: string; isMissing: boolean }) => ({
    what: 'The project cannot be opened.',
    why: isMissing ? `${path} does not exist.` : `${path} cannot be read.`,
    hint: isMissing ? '' : 'Check that it is a file and that you may read it.',
    next: isMissing ? [{ act: 'set_up' }] : [],
  }),
  project_not_found: ({ searched, others, isFolder }: ProjectSearched) => ({
    what: 'No samocode project was found.',
    why: isFolder
      ? `There is no .samocode in ${searched.join(', ')}${others.length > 0 ? `; ${others.join(', ')} belongs to another repository` : ''}.`
      : `There is no folder ${searched[0]}.`,
    next: [
      { act: 'set_up', when: 'to set up a project in the repository' },
      { act: 'name_project', when: 'for a project elsewhere' },
    ],
  }),
});

/** What was found at, above or below a folder of ours. */
export type StrangePlace =
  | { kind: 'link'; path: string; to: string; top: string | undefined }
  /** `untrack`: the folder that has to leave the index; absent if the entry lies above it, as a submodule does. */
  | { kind: 'tracked'; top: string; path: string; commit: string; untrack: string | undefined };

function whyStrange(found: StrangePlace): string {
  if (found.kind === 'tracked')
    return `The repository ${found.top} tracks ${found.path}${found.commit && ` (since commit ${found.commit})`}`;
  const where = found.top === undefined ? 'below WORKTREES' : `inside the repository ${found.top}`;
  return `${found.path}, ${where}, is a link to ${found.to}`;
}

function repairOf(found: StrangePlace): string {
  if (found.kind === 'link') return `Remove the link: rm ${shellWord(found.path)}`;
  if (found.untrack === undefined) return 'Take the place out of that submodule or file';
  return `Take it out and commit: git -C ${shellWord(found.top)} rm -r --cached -- ${shellWord(found.untrack)}`;
}

export type ProjectNotFound = ReturnType<typeof PROJECT_ERRORS.project_not_found>;

interface Collision {
  first: string;
  second: string;
  path: string;
  /** A suitable folder. */
  example: string | undefined;
}

interface ProjectSearched {
  searched: readonly string[];
  others: readonly string[];
  isFolder: boolean;
  /** The top of the repository around the folder (the main checkout's, for a linked worktree), if there is one. */
  repository: string | undefined;
}
