import { errors } from '../../kernel/errors.ts';

export const PROJECT_ERRORS = errors({
  bad_branch_name: ({ name }: { name: string }) => ({
    what: 'The branch name is not valid.',
    why: `git accepts no branch named ${JSON.stringify(name.slice(0, 100))}.`,
    hint: 'Use letters, digits, hyphens and slashes, 200 characters at most, or leave it out.',
  }),
  base_not_found: ({ base }: { base: string }) => ({
    what: 'The session has no commit to start from.',
    why: `MAIN_REPO has no branch, tag or commit ${JSON.stringify(base.slice(0, 100))}, fetched ones included.`,
    hint: 'Name one that "git branch --all" or "git tag" lists.',
  }),
  copy_refused: ({ name, problem }: { name: string; problem: string }) => ({
    what: `${name} of CHECK_COPY was not copied.`,
    why: `Only ignored files of MAIN_REPO are, and ${problem}.`,
    hint: 'Name only files and folders below MAIN_REPO that git ignores, for example by a line in .git/info/exclude.',
  }),
  copy_failed: ({ name, code }: { name: string; code: string }) => ({
    what: `${name} of CHECK_COPY was copied in part, or not at all, so no check ran.`,
    why: `The system reported ${code}.`,
    hint: 'See to its permissions, or free some space on the disk, then try again.',
  }),
  file_in_the_way: ({ path }: { path: string }) => ({
    what: 'Nothing was set up.',
    why: `${path} exists, but it is not a file, or another user may have left it in a folder that everyone can write to.`,
    hint: 'Check it, move it away, then set the project up again.',
  }),
  first_commit_too_large: ({ folder, size }: { folder: string; size: string }) => ({
    what: `No first commit was made in ${folder}.`,
    why: `It would contain ${size}, which looks like dependencies or data.`,
    hint: 'Write a .gitignore, or make the first commit yourself, then try again.',
  }),
  folders_collide: ({ first, second, path, example }: Collision) => ({
    what: `${first} and ${second} cannot be used together.`,
    why: `Both are ${path}, and sessions would mix with other files.`,
    hint: `Give ${first} a separate folder in .samocode, for example ${example}.`,
  }),
  no_commit: ({ folder }: { folder: string }) => ({
    what: `${folder} cannot be MAIN_REPO yet.`,
    why: 'The repository has no commit, and a branch must start at one.',
    hint: 'Commit something.',
    next: [
      { act: 'set_up', args: { init_repository: true }, ifWanted: true, when: 'to have a first commit made' },
    ],
  }),
  no_git_identity: ({ folder }: { folder: string }) => ({
    what: `Git has no author identity in ${folder}.`,
    why: 'user.name or user.email is not set.',
    hint: 'Set both: git config --global user.name "Your Name" and git config --global user.email you@example.com.',
  }),
  not_a_repository: ({ folder, problem }: { folder: string; problem?: keyof typeof UNFIT }) => ({
    what: `${folder} cannot be MAIN_REPO.`,
    ...((problem && UNFIT[problem]) ?? NO_REPOSITORY),
  }),
  line_without_effect: ({ mistake }: { mistake: string }) => ({
    what: 'Nothing was set up.',
    why: mistake,
    hint: 'docs/settings.md lists the settings.',
  }),
  not_one_line: ({ key }: { key: string }) => ({
    what: 'Nothing was set up.',
    why: `The value of ${key} contains a line break, but a setting in .samocode is one line.`,
    hint: 'Give one line; for several commands use CHECK and CHECK_2, or join them with &&.',
  }),
  not_the_top_folder: ({ folder, toplevel }: { folder: string; toplevel: string }) => ({
    what: `${folder} cannot be MAIN_REPO.`,
    why: `It is a folder inside the repository ${toplevel}.`,
    hint: `Set MAIN_REPO to ${toplevel}.`,
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

const NO_REPOSITORY = {
  why: 'There is no git repository there, and sessions need one.',
  hint: 'Choose another folder.',
  next: [
    {
      act: 'set_up',
      args: { init_repository: true },
      ifWanted: true,
      when: 'to have "git init" and a first commit made there',
    },
  ],
} as const;

/** The reasons why no repository can be created there either, each with an alternative. */
const UNFIT = {
  bare: {
    why: 'It has no entry .git: it is a bare repository, or a folder that only looks like one.',
    hint: 'Choose a clone of it that has one.',
  },
  broken: {
    why: 'It contains a .git that git does not recognize as a repository.',
    hint: 'Repair it or move it away: run "git status" there to see what is wrong.',
  },
  too_wide: {
    why: 'A repository over the whole home folder or disk would contain everything.',
    hint: 'Choose the folder of one project.',
  },
} as const;
