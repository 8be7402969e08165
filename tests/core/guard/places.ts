import { join } from 'node:path';
import { stateRoot } from '../../../src/core/kernel/config-folder.ts';
import type { SandboxOpenings, SocketName } from '../../../src/core/kernel/sandbox-level.ts';

/** The layout of a repository and its sessions. */
export interface Place {
  title: string;
  repository?: keyof typeof REPOSITORIES;
  sessions?: 'outside';
  worktrees?: 'outside';
  /** The names of the folders that contain everything. */
  folder?: string;
  /** Contains everything except HOME. */
  inHome?: true;
  /** MAIN_REPO, SESSIONS and WORKTREES have a link in their path. */
  byLink?: true;
  /** So is HOME. */
  homeByLink?: true;
  branch?: string;
  /** SANDBOX_WRITE, below MAIN_REPO. */
  writable?: readonly string[];
  /** SANDBOX_READ, below HOME. */
  readable?: readonly string[];
  /** SANDBOX_SOCKETS. */
  sockets?: readonly SocketName[];
  /** SANDBOX=strict, with these openings. */
  strict?: Partial<SandboxOpenings>;
  /** A script that starts services of the user. */
  services?: string;
  /** More variables of the user. */
  env?: (variables: Variables) => Record<string, string>;
}

export const USUAL: Place = { title: 'SESSIONS and WORKTREES inside MAIN_REPO' };

export const PLACES: readonly Place[] = [
  { title: 'SESSIONS and WORKTREES outside MAIN_REPO', sessions: 'outside', worktrees: 'outside' },
  { title: 'SESSIONS outside and WORKTREES inside', sessions: 'outside' },
  { title: 'SESSIONS inside and WORKTREES outside', worktrees: 'outside' },
  { title: 'a MAIN_REPO that is a linked worktree of another checkout', repository: 'linked' },
  { title: 'a MAIN_REPO that is a submodule', repository: 'submodule', sessions: 'outside' },
  { title: 'a MAIN_REPO with submodules', repository: 'withSubmodule' },
  { title: 'a path through a link', byLink: true },
  { title: 'a HOME below a link', homeByLink: true },
  { title: 'names with spaces, quotes and non-ASCII letters', folder: `o'clock "Bögen" $HOME \\ a` },
  { title: 'a branch without a prefix', branch: 'boat' },
  { title: 'a branch two folders deep', branch: 'team/samocode/boat' },
];

/** The environment of scripts. */
export type Variables = ReturnType<typeof planLayout>['variables'];

/** Shell scripts that create the repository $MAIN, whose remote $ORIGIN exists. */
const REPOSITORIES = {
  plain: 'git clone -q "$ORIGIN" "$MAIN"',
  linked: 'git clone -q "$ORIGIN" "$BASE/first"; git -C "$BASE/first" worktree add -q -b person "$MAIN"',
  home: `git -C "$HOME" init -q; git -C "$HOME" fetch -q "$ORIGIN"; git -C "$HOME" checkout -q -b main FETCH_HEAD`,
  submodule: `git init -q "\${MAIN%/*}"
    git -C "\${MAIN%/*}" submodule --quiet add "$ORIGIN" "\${MAIN##*/}"
    git -C "\${MAIN%/*}" commit -qm Super`,
  withSubmodule: `git clone -q "$ORIGIN" "$MAIN"
    git -C "$MAIN" submodule --quiet add "$ORIGIN" lib
    git -C "$MAIN" commit -qm Library`,
};

/** @param root an otherwise unused folder */
export function planLayout(root: string, place: Place) {
  const base = place.folder === undefined ? root : join(root, place.folder);
  const home = join(base, place.homeByLink ? 'person/home' : 'home');
  const near = join(place.inHome ? home : base, place.byLink ? 'link' : 'projects');
  const main = place.repository === 'home' ? home : join(near, 'repo');
  const sessions = join(place.sessions === 'outside' ? join(base, 'elsewhere') : main, '_samocode/sessions');
  const worktrees = join(
    place.worktrees === 'outside' ? join(base, 'elsewhere') : main,
    '_samocode/worktrees',
  );
  return {
    makeRepository: REPOSITORIES[place.repository ?? 'plain'],
    variables: {
      BASE: base,
      HOME: home,
      MAIN: main,
      ORIGIN: join(base, 'origin.git'),
      CHECKOUT: join(base, 'hotfix'),
      SESSIONS: sessions,
      SESSION: join(sessions, '26-01-08-boat'),
      OTHER_SESSION: join(sessions, '26-01-09-other'),
      STATE: stateRoot(home),
      RUN: join(stateRoot(home), '0123/26-01-08-boat'),
      OTHER_RUN: join(stateRoot(home), '0123/26-01-09-other'),
      WORKTREES: worktrees,
      WORKTREE: join(worktrees, '26-01-08-boat'),
      OTHER_WORKTREE: join(worktrees, '26-01-09-other'),
      CONFIG: join(home, '.config/samocode'),
      PROGRAM: join(home, '.local/lib/samocode/dist'),
      BRANCH: place.branch ?? 'samocode/boat',
    },
  };
}

/** Before the repository: the user's settings, and a remote. */
export const MAKE_PERSON = `
mkdir -p "$CONFIG" "$PROGRAM" "$BASE/projects"
ln -s projects "$BASE/link"
echo TELEGRAM_BOT_TOKEN=12345:secret >"$CONFIG/.env"
echo 'the worker' >"$PROGRAM/worker.js"
cd "$HOME"
mkdir -p work dotfiles .config/tool .config/nvim .local/bin .local/share/tool .local/share/pnpm/store .docker/buildx
mkdir -p .ssh .cargo/bin .nvm/versions/node/v20.0.0/bin .volta/bin "$BASE/tools/bin" "$BASE/tools/lib"
mkdir -p .claude/hooks .claude/projects/a/memory .codex/rules .codex/skills/mine .gemini/extensions
touch .bashrc .ssh/config .cargo/env dotfiles/zshrc "$BASE/tools/lib/tool" .claude/settings.json
touch .claude/projects/a/memory/MEMORY.md .codex/config.toml .codex/skills/mine/SKILL.md .gemini/GEMINI.md
touch .claude/.credentials.json .codex/auth.json .gemini/oauth_creds.json
ln -s dotfiles/zshrc .zshrc
ln -s ../lib/tool "$BASE/tools/bin/tool"
git config --global user.name Person
git config --global user.email person@example.invalid
git config --global init.defaultBranch main
git config --global protocol.file.allow always
git config --global --add safe.directory '*'
git init -q "$BASE/seed"
cd "$BASE/seed"
echo '# Boat' >README.md
git add -A
git commit -qm First
git clone -q --bare "$BASE/seed" "$ORIGIN"
`;

/** After it: the tested session, another one, and another checkout of the user's. */
export const MAKE_SESSIONS = `
cd "$MAIN"
git worktree add -q -b "$BRANCH" "$WORKTREE"
git worktree add -q -b another "$OTHER_WORKTREE"
git worktree add -q -b hotfix "$CHECKOUT"
git update-ref refs/samocode/boat/1 HEAD
git -C "$WORKTREE" submodule --quiet update --init
mkdir -p "$SESSION" "$OTHER_SESSION" "$RUN" "$OTHER_RUN" "$MAIN/cache"
mkdir -p "$RUN/leases" "$RUN/commands" "$RUN/iterations/001"
for file in session.json git-settings.json leases/000001.json iterations/001/child.json iterations/001/before.json
do echo '{}' >"$RUN/$file"; done
echo '{"n":1}' | tee "$OTHER_RUN/events.jsonl" >"$RUN/events.jsonl"
echo '# Questions' | tee "$SESSION/_qa.md" >"$OTHER_SESSION/_qa.md"
`;
