/** Attacks of an agent on its own git folder: all are permitted there, and only valid commits reach the repository. */
export interface Attack {
  title: string;
  script: string;
  /** A representative of its kind: `.ci/run` tries it. */
  ci?: true;
  /** The result of collecting its work. */
  kind: 'nothing' | 'moved' | 'refused' | 'branch_gone';
  /** Part of the reason. */
  why?: string;
}

/** Each with another file: existing objects cannot be damaged. */
const COMMIT = 'date +%s.%N >work.txt; git add work.txt; git commit -qm Work';
/** The file of a loose object. */
const FILE_OF = 'at() { echo "$COMMON/objects/$(echo "$1" | cut -c1-2)/$(echo "$1" | cut -c3-)"; }';
const EXCHANGE = `${FILE_OF}; false="$(at "$(echo evil | git hash-object -w --stdin)")"`;

const QUIET: readonly (readonly [title: string, script: string, ci?: true])[] = [
  ['checks another branch out in MAIN_REPO', 'git -C "$MAIN" checkout -qb planted'],
  ['stages a change in MAIN_REPO', 'git -C "$MAIN" rm -q --cached README.md'],
  [
    'writes in the git folder of another worktree',
    'echo "ref: refs/heads/x" >"$COMMON/worktrees/26-01-09-other/HEAD"',
  ],
  ['sets core.hooksPath', 'git config core.hooksPath /tmp'],
  [
    'writes settings that start programs',
    'printf "[core]\\n\\tfsmonitor = false\\n[filter \\"x\\"]\\n\\tclean = false\\n" >>"$COMMON/config"',
  ],
  [
    'installs a hook',
    'printf "#!/bin/sh\\nfalse\\n" >"$COMMON/hooks/pre-commit"; chmod +x "$COMMON/hooks/pre-commit"',
  ],
  ['names a filter in the attributes of all worktrees', 'echo "* filter=x" >"$COMMON/info/attributes"'],
  ['points HEAD of the repository elsewhere', 'echo "ref: refs/heads/samocode/boat" >"$COMMON/HEAD"'],
  ['replaces the index of the repository', 'rm "$COMMON/index"; mkdir "$COMMON/index"'],
  ['moves the main branch', 'git update-ref refs/heads/main "$(git commit-tree -m x HEAD^{tree})"', true],
  ['deletes the main branch', 'git update-ref -d refs/heads/main'],
  ['moves a remote branch', 'git update-ref refs/remotes/origin/main "$(git commit-tree -m x HEAD^{tree})"'],
  ['makes a tag of the name of a branch', 'git tag main "$(git commit-tree -m x HEAD^{tree})"'],
  ['adds a checkpoint', 'git update-ref refs/samocode/boat/2 HEAD'],
  ['leads the log of the main checkout elsewhere', 'ln -sf "$PWD/x" "$COMMON/logs/HEAD"'],
  ['shows a commit as another', 'git replace HEAD "$(git commit-tree -m x HEAD^{tree})"'],
  ['rewrites commondir', 'echo "$HOME" >"$GITDIR/commondir"'],
  ['rewrites gitdir', 'echo "$HOME/.git" >"$GITDIR/gitdir"'],
  ['deletes its own git folder', 'rm -rf "$GITDIR" 2>/dev/null || true', true],
  ['puts a link in the place of info', 'rm -r "$COMMON/info"; ln -s "$HOME" "$COMMON/info"'],
  ['leads further objects elsewhere', 'echo "$HOME" >>"$COMMON/objects/info/alternates"'],
];

/** Cases in which a later commit would fail, or would be another agent's. */
const ALONE = /its own git folder|place of info|commondir|gitdir|as another/;

export const ATTACKS: readonly Attack[] = [
  ...QUIET.map(
    ([title, script, ci]): Attack =>
      ALONE.test(title)
        ? { title, script, ci, kind: 'nothing' }
        : { title: `commits, and ${title}`, script: `${COMMIT}; ${script}`, ci, kind: 'moved' },
  ),
  {
    title: 'deletes its branch',
    ci: true,
    script: 'git update-ref -d "refs/heads/$BRANCH"',
    kind: 'branch_gone',
  },
  {
    title: 'makes its branch a symbolic ref to another',
    script: 'git symbolic-ref "refs/heads/$BRANCH" refs/heads/main',
    kind: 'branch_gone',
  },
  {
    title: 'replaces an object of the base, and commits',
    script: `${EXCHANGE}; ${COMMIT}; to="$(at "$(git rev-parse HEAD~1:README.md)")"; mkdir -p "$(dirname "$to")"; cp "$false" "$to"`,
    kind: 'moved',
  },
  {
    title: 'replaces a new object',
    ci: true,
    script: `${EXCHANGE}; ${COMMIT}; to="$(at "$(git rev-parse HEAD:work.txt)")"; rm -f "$to"; cp "$false" "$to"`,
    kind: 'refused',
  },
  {
    title: 'damages a new object',
    script: `${FILE_OF}; ${COMMIT}; to="$(at "$(git rev-parse HEAD:work.txt)")"; rm -f "$to"; printf 'x\\001' >"$to"`,
    kind: 'refused',
  },
  {
    title: 'deletes a new object',
    script: `${FILE_OF}; ${COMMIT}; rm -f "$(at "$(git rev-parse HEAD^{tree})")"`,
    kind: 'refused',
  },
  {
    title: 'replaces a new object with a pipe',
    script: `${FILE_OF}; ${COMMIT}; to="$(at "$(git rev-parse HEAD^{tree})")"; rm -f "$to"; mkfifo "$to"`,
    kind: 'refused',
    why: 'is not a plain file',
  },
  {
    title: 'replaces the objects folder with a link',
    script: `${COMMIT}; mv "$COMMON/objects" "$COMMON/moved"; ln -s moved "$COMMON/objects"`,
    kind: 'refused',
    why: 'is not a folder',
  },
  {
    title: 'writes more than the size limit',
    script: `${COMMIT}; truncate -s 3G "$COMMON/objects/pack/large"`,
    kind: 'refused',
    why: '2 GB',
  },
  {
    title: 'writes a nonexistent hash to its branch',
    script: `mkdir -p "$(dirname "$COMMON/refs/heads/$BRANCH")"; printf '%040d\\n' 7 >"$COMMON/refs/heads/$BRANCH"`,
    kind: 'refused',
  },
  {
    title: 'packs all objects, with a commit graph and a multi-pack index',
    script: `${COMMIT}; git gc -q; git commit-graph write; git multi-pack-index write`,
    kind: 'moved',
  },
];
