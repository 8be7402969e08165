/** Each entry migrates the schema to the next version. A released migration is never changed in effect. */
export const MIGRATIONS: readonly string[] = [
  `
  create table samocode_pool.hosts (
    id text primary key, name text not null, project text not null, labels text[] not null,
    person text not null default session_user, seen timestamptz not null default now());

  create table samocode_pool.sessions (
    id text primary key, project text not null, folder text not null, needs text[] not null,
    wanted boolean not null default true,
    -- Counted in this row, so that giving the session back waits for an act that is being inserted.
    acts_open int not null default 0,
    host text, epoch int not null default 0, until timestamptz,
    not_before timestamptz not null default now(), state text, card jsonb);
  create index on samocode_pool.sessions (host) where host is not null;
  -- Leaves out the many sessions that wait for a person or are done.
  create index on samocode_pool.sessions (project, id) where acts_open > 0 or wanted;

  create table samocode_pool.acts (
    id text primary key, session text not null references samocode_pool.sessions, command text not null,
    person text not null default session_user, at timestamptz not null default now(), settled_at timestamptz);
  create index on samocode_pool.acts (session) where settled_at is null;

  -- Runs with the rights of the owner, so that a role that may act needs no right to update sessions.
  create function samocode_pool.act_came() returns trigger
    language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  declare
    listener text;
  begin
    update sessions set acts_open = acts_open + 1 where id = new.session
      returning coalesce(host, project) into listener;
    perform pg_notify('samocode_pool', listener);
    return null;
  end $$;
  create trigger act_came after insert on samocode_pool.acts
    for each row execute function samocode_pool.act_came();
  `,
  `
  alter table samocode_pool.hosts
    add nonce text not null default '', add slots int not null default 0, add level text not null default 'off',
    add version text not null default '', add removed boolean not null default false;
  -- Found by a machine that remembers the oldest transaction that was running when it looked last.
  alter table samocode_pool.sessions add changed xid8 not null default pg_current_xact_id();
  delete from samocode_pool.acts where settled_at is not null;
  alter table samocode_pool.acts drop column settled_at;
  create index on samocode_pool.acts (session);

  create function samocode_pool.session_changed() returns trigger language plpgsql as $$
  begin
    new.changed = pg_current_xact_id();
    return new;
  end $$;
  -- Not of "until", which every renewal updates.
  create trigger session_changed
    before update of wanted, acts_open, host, epoch, not_before, state, card on samocode_pool.sessions
    for each row execute function samocode_pool.session_changed();

  -- Only these functions write hosts: no role may set the login of a machine, or clear "removed".
  create function samocode_pool.beat(
    id text, name text, project text, labels text[], nonce text, slots int, level text, version text, lease interval)
    returns boolean language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  begin
    insert into hosts as h (id, name, project, labels, nonce, slots, level, version)
      values (beat.id, beat.name, beat.project, beat.labels, beat.nonce, beat.slots, beat.level, beat.version)
      on conflict on constraint hosts_pkey do update set
        name = beat.name, project = beat.project, labels = beat.labels, nonce = beat.nonce, slots = beat.slots,
        level = beat.level, version = beat.version, person = session_user, seen = now()
      where not h.removed and (h.nonce in ('', beat.nonce) or h.seen < now() - beat.lease);
    if not found then
      perform may(beat.id);
      raise exception 'another boot of the machine renews its leases' using errcode = 'SCP02';
    end if;
    return true;
  end $$;
  create function samocode_pool.may(host text) returns boolean language plpgsql stable as $$
  begin
    if exists (select from samocode_pool.hosts h where h.id = may.host and h.removed) then
      raise exception 'the machine was removed' using errcode = 'SCP01';
    end if;
    return true;
  end $$;
  -- A machine that the database has not seen yet is refused as well.
  create function samocode_pool.remove(host text) returns text
    language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  declare
    login text;
    pool text;
  begin
    insert into hosts as h (id, name, project, labels, person, removed) values (host, '', '', '{}', '', true)
      on conflict on constraint hosts_pkey do update set removed = true
      returning h.person, h.project into login, pool;
    perform pg_notify('samocode_pool', pool);
    return nullif(login, '');
  end $$;
  revoke execute on function samocode_pool.beat, samocode_pool.remove from public;
  `,
];

/** Roles belong to the whole server. If this login may not create them, an administrator has to. */
export const ROLES = `
  do $$ begin
    if to_regrole('samocode_hosts') is null then create role samocode_hosts nologin; end if;
  exception when insufficient_privilege or duplicate_object or unique_violation then null;
  end $$;
  do $$ begin
    if to_regrole('samocode_hosts') is not null then
      grant usage on schema samocode_pool to samocode_hosts;
      grant select on all tables in schema samocode_pool to samocode_hosts;
      -- Excludes the column person, whose default is the login role.
      grant insert (id, session, command) on samocode_pool.acts to samocode_hosts;
      grant insert, update, delete on samocode_pool.sessions to samocode_hosts;
      grant delete on samocode_pool.acts to samocode_hosts;
      revoke insert, update on samocode_pool.hosts from samocode_hosts;
      grant execute on function samocode_pool.beat, samocode_pool.remove to samocode_hosts;
    end if;
  end $$;
`;

/** Whether another machine may take a session of the row `s`; its lease may still have to end. */
const OPEN = `s.project = $2 and s.needs <@ $3 and (s.acts_open > 0 or s.wanted)`;

/** Joins the removed machine that has the session of the row `s`. */
const REMOVED = `left join samocode_pool.hosts r on r.id = s.host and r.removed`;

/**
 * One row: the sessions that changed since $10, or all of them.
 * $1 host, $2 project, $3 labels, $4 name, $5 nonce, $6 slots, $7 level, $8 version, $9 lease in milliseconds,
 * $10 `next` of the last answer.
 */
export const RENEW = `
  with beat as materialized (
    select samocode_pool.beat($1, $4, $2, $3, $5, $6, $7, $8, $9 * interval '1 ms') as done),
  held as (
    update samocode_pool.sessions set until = now() + $9 * interval '1 ms'
    where host = $1 and (select done from beat) returning id, epoch)
  select pg_snapshot_xmin(pg_current_snapshot())::text as next,
    (select count(*)::int from samocode_pool.sessions where project = $2) as total,
    (select json_object_agg(id, epoch) from held) as held,
    (select json_agg(json_build_object(
        'id', a.id, 'session', a.session, 'command', a.command, 'person', a.person,
        'machine', coalesce((select string_agg(h.name, ' or ' order by h.name) from samocode_pool.hosts h
          where h.person = a.person and not h.removed), a.person)) order by a.id)
      from samocode_pool.acts a join held on held.id = a.session) as acts,
    (select ceil(extract(epoch from min(coalesce(greatest(
        case when r.id is null then s.until end, case when s.acts_open = 0 then s.not_before end), now())) - now())
        * 1000)::float8
      from samocode_pool.sessions s ${REMOVED} where ${OPEN} and s.host is distinct from $1) as "openInMs",
    (select json_agg(json_build_object(
        'id', id, 'project', project, 'folder', folder, 'needs', needs, 'wanted', wanted or acts_open > 0,
        'host', host, 'epoch', epoch, 'state', state, 'card', card))
      from samocode_pool.sessions where project = $2 and changed >= $10::xid8) as changed`;

/** $1 project, $2 lease in milliseconds. */
export const HOSTS = `
  select id, name, project, labels, slots, level, version, person as login, removed as "isRemoved",
    (extract(epoch from now() - seen) * 1000)::float8 as "seenMsAgo", seen > now() - $2 * interval '1 ms' as "isLive"
  from samocode_pool.hosts where project = $1 and seen > now() - interval '30 days' order by name, id`;

/** $1 host. */
export const REMOVE = 'select samocode_pool.remove($1) as login';

/** $1 sessions, $2 this host. */
export const FORGET = `
  with acts as (delete from samocode_pool.acts where session = any($1) and (select samocode_pool.may($2)))
  delete from samocode_pool.sessions where id = any($1) and (select samocode_pool.may($2))`;

/** $1 host, $2 project, $3 labels, $4 lease in milliseconds, $5 how many, $6 whether expired leases count. */
export const CLAIM = `
  with open as (
    select s.id, s.host as before from samocode_pool.sessions s ${REMOVED}
    where ${OPEN} and (s.host is null or r.id is not null or s.until < now() and $6)
      and (s.acts_open > 0 or s.not_before <= now()) and (select samocode_pool.may($1))
    order by s.id limit $5 for update of s skip locked)
  update samocode_pool.sessions s
  set host = $1, epoch = epoch + 1, until = now() + $4 * interval '1 ms', wanted = true
  from open where s.id = open.id
  returning s.id, s.project, s.folder, s.needs, s.wanted, s.host, s.epoch, s.state, s.card, open.before`;

/** $1 session, $2 project, $3 folder, $4 needs, $5 state, $6 this host. */
export const OFFER = `
  with made as (
    insert into samocode_pool.sessions (id, project, folder, needs, state)
    select $1, $2, $3, $4, $5 where (select samocode_pool.may($6))
    on conflict do nothing returning project)
  select pg_notify('samocode_pool', project) from made`;

/** $1 session, $2 host, $3 epoch, $4 wanted, $5 state, $6 milliseconds. Repeating a call has no further effect. */
export const GIVE_BACK = `
  with given as (
    update samocode_pool.sessions
    set host = null, until = null, wanted = $4, state = $5, not_before = now() + $6 * interval '1 ms'
    where id = $1 and (host = $2 or host is null) and epoch = $3 and acts_open = 0 and (select samocode_pool.may($2))
    returning project, wanted and not_before <= now() as open)
  select case when open then pg_notify('samocode_pool', project) end from given`;

/** $1 session, $2 host, $3 epoch, $4 state, $5 card, $6 wanted. Sends no notification: few updates matter to others. */
export const INDEX = `
  update samocode_pool.sessions set state = $4, card = $5, wanted = $6
  where id = $1 and host = $2 and epoch = $3 and (select samocode_pool.may($2))`;

/** $1 session, $2 host, $3 epoch, $4 the new epoch. */
export const RAISE = `
  update samocode_pool.sessions set epoch = $4
  where id = $1 and host = $2 and epoch = $3 and (select samocode_pool.may($2))`;

/** $1 id, $2 session, $3 command, $4 this host; null for a person. */
export const ACT = `
  insert into samocode_pool.acts (id, session, command)
  select $1, $2, $3 where (select samocode_pool.may($4)) on conflict do nothing`;

/** Not kept: an act that is sent again is answered by the log of its session. $1 acts, $2 this host. */
export const SETTLE = `
  with done as (
    delete from samocode_pool.acts where id = any($1) and (select samocode_pool.may($2)) returning session)
  update samocode_pool.sessions s set acts_open = acts_open - settled
  from (select session, count(*)::int as settled from done group by session) d where s.id = d.session`;
