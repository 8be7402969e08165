/** An attempt of an agent. */
export interface Row {
  title: string;
  script: string;
}

type RowTuple = readonly [title: string, script: string];

/** Each fails for every file and folder of the run folder; a success of any one makes the script succeed. */
const ON_FILES = [
  ': >>"$at"',
  'truncate -s 0 "$at"',
  'mv "$at" "$at.away"',
  'mv "$at" "$SESSION/taken"',
  'rm -rf "$at"',
  'echo x >"$SESSION/other" && mv -f "$SESSION/other" "$at"',
  'cp "$SESSION/_qa.md" "$at"',
  'ln -sfn "$SESSION/_qa.md" "$at"',
  'ln "$at" "$SESSION/second" && : >>"$SESSION/second"',
  'ln -sfn "$at" "$SESSION/link" && : >>"$SESSION/link"',
  'chmod 0777 "$at"',
  'touch "$at"',
  'mkdir "$at/planted"',
  ': >"$(dirname "$at")/planted"',
  ': >>"/proc/self/root$at"',
];
const FILES =
  'events.jsonl session.json git-settings.json leases/000001.json iterations/001/child.json iterations/001/before.json leases commands iterations iterations/001 .';
const ANY_OF_THEM = `for name in ${FILES}; do at="$RUN/$name"; ${ON_FILES.map((act) => `! (${act}) || exit 0`).join('; ')}; done; exit 1`;
const AS_ANOTHER = (start: string) =>
  `printf '%s\n' '${ANY_OF_THEM}' >"$SESSION/tries"; rm -f "$SESSION/ended"; ${start}; until [ -s "$SESSION/ended" ]; do sleep 0.05; done; test "$(cat "$SESSION/ended")" = 0`;
const TRIES = 'sh "$SESSION/tries" >/dev/null 2>&1; echo $? >"$SESSION/ended"';

/** On its own run folder. The commands of people are there too. */
export const RUN_FOLDER: readonly Row[] = words([
  ['change anything in its run folder', ANY_OF_THEM],
  ['change anything there by a grandchild', AS_ANOTHER(`sh -c 'sh -c "$1" & wait' sh '${TRIES}'`)],
  [
    'change anything there by a grandchild that has left its session and its parents',
    AS_ANOTHER(`(setsid sh -c '${TRIES}' >/dev/null 2>&1 &)`),
  ],
  [
    'change anything there in a namespace of its own',
    AS_ANOTHER(`unshare --user --map-root-user --mount sh -c '${TRIES}' || echo 1 >"$SESSION/ended"`),
  ],
  [
    'mount a writable second view of its run folder',
    'mkdir -p "$HOME/work/run"; mount --bind "$RUN" "$HOME/work/run" && : >"$HOME/work/run/planted"',
  ],
]);

const ELSEWHERE = words([
  ...[
    ['a key of ssh', 'cat "$HOME/.ssh/config"'],
    ['a start file of a shell', 'grep -q "" "$HOME/.bashrc"'],
    ['the login of another CLI', 'cat "$HOME/.codex/auth.json"'],
    ['a file of the main checkout', 'cat "$MAIN/README.md"'],
    ["the person's other checkout", 'ls "$CHECKOUT"'],
    ['the questions of another session', 'cat "$OTHER_SESSION/_qa.md"'],
    ['the worktree of another session', 'ls "$OTHER_WORKTREE"'],
    ['a folder beside the project', 'ls "$BASE/seed"'],
  ].map(([what, script]): RowTuple => [`read ${what}`, script ?? '']),
  [
    'write in a system folder',
    `for d in /usr /bin /sbin /lib /lib64 /etc /opt /sys; do ! touch "$d/samocode-planted" || exit 0; done; false`,
  ],
  ['make a folder at the top', 'mkdir /samocode-planted'],
  ['open a kernel setting for writing', ': >>/proc/sys/kernel/domainname'],
  ['see memory that programs of the person share', 'test "$(readlink /proc/self/ns/ipc)" = "$IPC"'],
  ['see a terminal of the person', 'set -- /dev/pts/[0-9]*; test -e "$1"'],
  ['write a new file in the main checkout', ': >"$MAIN/planted"'],
  ['change a file of the main checkout', 'echo x >>"$MAIN/README.md"'],
  ['delete a file of the main checkout', 'rm "$MAIN/README.md"'],
  ['move the whole home folder away', 'mv "$HOME" "$HOME.away"'],
  ['change a file of the main checkout by a second name of it', 'ln "$MAIN/README.md" "$HOME/work/second"'],
  ["write in the person's other checkout", ': >"$CHECKOUT/planted"'],

  ['append an event', 'echo "{}" >>"$RUN/events.jsonl"'],
  ['write a command into the run folder', 'mkdir -p "$RUN/commands/new"'],
  ['delete the run folder', 'rm -r "$RUN"'],
  ['move all run folders away', 'mv "$STATE" "$STATE.away"'],
  ['answer the questions of another session', 'echo x >>"$OTHER_SESSION/_qa.md"'],
  ['move its own session folder away', 'mv "$SESSION" "$SESSION.away"'],
  ['write in the worktree of another session', ': >"$OTHER_WORKTREE/planted"'],
  ['move the git folder away', 'mv "$COMMON" "$COMMON.away"'],
  ['read the events of another session', 'cat "$OTHER_RUN/events.jsonl"'],
  ['move the real objects away', 'mv "$RUN/git/base/objects" "$RUN/git/base/away"'],
  ['write among the real objects', ': >"$RUN/git/base/objects/pack/planted"'],

  ['delete .git of its worktree', 'rm "$WORKTREE/.git"'],
  ['move .git of its worktree away', 'mv "$WORKTREE/.git" "$WORKTREE/git"'],
  ['rewrite .git of its worktree', 'echo "gitdir: $HOME" >"$WORKTREE/.git"'],
  ['move its worktree away', 'cd /; mv "$WORKTREE" "$WORKTREE.away"'],

  ['rewrite the program of samocode', 'echo x >"$PROGRAM/worker.js"'],
  ['put another program in its place', 'mv "$PROGRAM" "$PROGRAM.away"'],
  ['move the folder of that program away', 'mv "$HOME/.local/lib" "$HOME/.local/lib.away"'],
  ['read the bot token', 'grep -r TELEGRAM "$CONFIG"'],
  ['move the settings of samocode away', 'mv "$CONFIG" "$CONFIG.away"'],

  ['see a process outside', 'kill -0 "$OUTSIDE"'],
  ['reach around by the root of another process', ': >"/proc/1/root$MAIN/planted"'],
  ['unmount the protection', 'umount "$MAIN"'],
  ['unmount it lazily', 'umount -l "$MAIN"'],
  ['mount it writable', 'mount -o remount,rw,bind "$MAIN"'],
  [
    'mount the repository a second time, writable',
    'mkdir -p "$HOME/work/bind"; mount --bind "$MAIN" "$HOME/work/bind"',
  ],
  ['unmount it in a namespace of its own', 'unshare --user --map-root-user --mount umount "$MAIN"'],
  ['mount it writable there', 'unshare --user --map-root-user --mount mount -o remount,rw,bind "$MAIN"'],
  ['make a device', 'mknod "$HOME/disk" b 8 0'],
]);

/** Must be refused: the script fails, and changes nothing. */
export const REFUSED: readonly Row[] = [...RUN_FOLDER, ...ELSEWHERE];

/** Whether or not it works inside, nothing of it reaches the person's home or programs. */
export const VANISHES = words([
  ['make a session', 'mkdir "$SESSIONS/26-01-10-planted"'],
  ['move the main checkout away and back', 'mv "$MAIN" "$MAIN.away"; mv "$MAIN.away" "$MAIN"'],
  ['move SESSIONS away and back', 'mv "$SESSIONS" "$SESSIONS.away"; mv "$SESSIONS.away" "$SESSIONS"'],
  [
    'move the folder of SESSIONS away and back',
    'mv "$(dirname "$SESSIONS")" "$(dirname "$SESSIONS").away"; mv "$(dirname "$SESSIONS").away" "$(dirname "$SESSIONS")"',
  ],
  ['move WORKTREES away and back', 'mv "$WORKTREES" "$WORKTREES.away"; mv "$WORKTREES.away" "$WORKTREES"'],
  [
    'move the folder of the main checkout away and back',
    'mv "$BASE/projects" "$BASE/projects.away"; mv "$BASE/projects.away" "$BASE/projects"',
  ],
  ['move the folder of those settings away', 'mv "$HOME/.config" "$HOME/.config.away"'],
  ...[
    ['the start file of a shell', 'echo x >>"$HOME/.bashrc"'],
    ['a start file that is not there yet', ': >"$HOME/.bash_profile"'],
    ['a start file in the folder that it is a link into', 'echo x >>"$HOME/dotfiles/zshrc"'],
    ['the settings of git', 'git config --global alias.x "!x"'],
    [
      'the settings of git in their folder',
      'mkdir -p "$HOME/.config/git"; echo "[a]" >>"$HOME/.config/git/config"',
    ],
    ['the settings of ssh', 'echo "Match exec x" >>"$HOME/.ssh/config"'],
    ['a key that may log in', ': >"$HOME/.ssh/authorized_keys"'],
    ['a git that is first on PATH', ': >"$HOME/.local/bin/git"'],
    ['a program in ~/bin', 'mkdir -p "$HOME/bin"; : >"$HOME/bin/x"'],
    ['a program of cargo', ': >"$HOME/.cargo/bin/cargo"'],
    ['what a shell reads for cargo', 'echo x >>"$HOME/.cargo/env"'],
    ['a Node of nvm', ': >"$HOME/.nvm/versions/node/v20.0.0/bin/node"'],
    ['a shim of volta', ': >"$HOME/.volta/bin/node"'],
    ['a program that starts with the desktop', 'mkdir -p "$HOME/.config/autostart"'],
    ['a service of the person', 'mkdir -p "$HOME/.config/systemd/user"'],
    ['an application of the desktop', 'mkdir -p "$HOME/.local/share/applications"'],
    ['a plugin of an editor', ': >"$HOME/.config/nvim/init.lua"'],
    ['a module that every script below home would find', 'mkdir "$HOME/node_modules"'],
    ['a new folder in home', 'mkdir "$HOME/.bashrc.d"'],
    ['a program in a folder of PATH outside of home', ': >"$BASE/tools/bin/planted"'],
    ['what a program in a folder of PATH is a link to', 'echo x >>"$BASE/tools/lib/tool"'],
    ['the settings of Claude Code', 'echo x >>"$HOME/.claude/settings.json"'],
    ['a hook of Claude Code', ': >"$HOME/.claude/hooks/x"'],
    ['a memory of Claude Code', 'echo x >>"$HOME/.claude/projects/a/memory/MEMORY.md"'],
    ['the settings of Codex', 'echo x >>"$HOME/.codex/config.toml"'],
    ['a rule of Codex', ': >"$HOME/.codex/rules/x"'],
    ['a skill of Codex', 'echo x >>"$HOME/.codex/skills/mine/SKILL.md"'],
    ['the words of Gemini CLI', 'echo x >>"$HOME/.gemini/GEMINI.md"'],
    ['an extension of Gemini CLI', ': >"$HOME/.gemini/extensions/x"'],
  ].map(([what, script]): RowTuple => [`write ${what}`, script ?? '']),
  ['move the folder of settings away', 'mv "$HOME/.config" "$HOME/.config2"; mkdir "$HOME/.config"'],
  ['move the folder of programs away', 'mv "$HOME/.cargo/bin" "$HOME/.cargo/bin2"'],
  ['move the folder of start files away', 'mv "$HOME/dotfiles" "$HOME/work/dotfiles"'],
  ["move a CLI's settings away", 'mv "$HOME/.claude/settings.json" "$HOME/.claude/settings2.json"'],
  [
    'put other settings of a CLI in their place',
    'echo x >"$HOME/.claude/x"; mv -f "$HOME/.claude/x" "$HOME/.claude/settings.json" || { rm "$HOME/.claude/x"; false; }',
  ],
  ["move a CLI's folder away", 'mv "$HOME/.claude" "$HOME/.claude2"'],
]);

/** Must work: the script succeeds, and changes only its own files. */
export const WORKS = words([
  ['add and commit', 'echo 1 >a.txt; git add a.txt; git commit -qm A; git log -1 --format=%s | grep -qx A'],
  ['amend a commit', 'git commit -q --allow-empty -m B; git commit -q --amend --allow-empty -m C'],
  [
    'rebase',
    'git commit -q --allow-empty -m D; echo 2 >d.txt; git add .; git commit -qm E; git rebase -q --force-rebase HEAD~1',
  ],
  [
    'pick a commit',
    'git tag here; git commit -q --allow-empty -m P; git reset -q --hard here; git cherry-pick --allow-empty HEAD@{1}; git tag -d here',
  ],
  ['revert a commit', 'echo 4 >e.txt; git add .; git commit -qm R; git revert --no-edit HEAD'],
  ['merge a branch', 'git merge -q --no-ff -m Merged "$(git commit-tree -p another -m Side another^{tree})"'],
  ['reset its branch', 'git commit -q --allow-empty -m F; git reset -q --hard HEAD~1'],
  ['fetch', 'git fetch -q "$ORIGIN" main:refs/remotes/near/main; git rev-parse -q --verify near/main'],
  [
    'push',
    'git push -q "$ORIGIN" HEAD:refs/heads/pushed; test "$(git -C "$ORIGIN" rev-parse pushed)" = "$(git rev-parse HEAD)"',
  ],
  [
    'stash and take back',
    'echo 3 >>README.md; git stash push -q; git stash apply -q; git checkout -q README.md; git stash drop -q',
  ],
  ['make, leave and delete a branch', 'git switch -qc side; git switch -q "$BRANCH"; git branch -D side'],
  ['make a tag', 'git tag inside-light; git tag -am inside inside-full'],
  ['set something in git', 'git config user.nickname agent; git config user.nickname'],
  ['pack refs and collect garbage', 'git pack-refs --all; git gc -q'],
  ['add a worktree', 'git worktree add -q "$WORKTREE/more" -b more; git worktree remove "$WORKTREE/more"'],
  [
    'look',
    'git status --porcelain; git reflog -1; git worktree list | grep -q 26-01-08-boat; git fsck --no-dangling',
  ],
  [
    'move a file from home into its worktree',
    'mkdir -p "$HOME/work"; echo x >"$HOME/work/x"; mv "$HOME/work/x" moved.txt; rm moved.txt',
  ],
  ['write its signal and documents', 'echo "{}" >"$SESSION/_signal.json"; mkdir -p "$SESSION/_logs"'],
  [
    'keep caches at home',
    'mkdir -p "$HOME/.cache/tool"; echo x >"$HOME/.cache/tool/x"; mv "$HOME/.cache/tool" "$HOME/.cache/t2"; rm -r "$HOME/.cache/t2"',
  ],
  [
    'renew the login of a CLI by a rename',
    'f="$HOME/.claude/.credentials.json"; echo 2 >"$f.new"; mv -f "$f.new" "$f"; grep -qx 2 "$f"',
  ],
  [
    'keep a transcript beside the settings of a CLI',
    'mkdir -p "$HOME/.claude/projects/b"; echo x >"$HOME/.claude/projects/b/1.jsonl"',
  ],
  [
    'update the skills that Codex brings',
    'mkdir -p "$HOME/.codex/skills/.system"; : >"$HOME/.codex/skills/.system/x"',
  ],
  [
    'fill the stores of package managers',
    'for d in .npm .cargo/registry .local/share/pnpm/store .config/tool .local/share/tool .docker/buildx; do mkdir -p "$HOME/$d/x"; : >"$HOME/$d/x/y"; rm -r "$HOME/$d/x"; done',
  ],
  [
    'use the temporary folder and devices',
    'f=$(mktemp); rm "$f"; : >/dev/null; head -c1 /dev/urandom >/dev/null',
  ],
  ['run a nested bubblewrap', 'bwrap --unshare-user --dev-bind / / true'],
]);

function words(rows: readonly RowTuple[]): Row[] {
  return rows.map(([title, script]) => ({ title, script }));
}
