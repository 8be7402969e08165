/** Written into the database. An older schema is replaced: machines offer their sessions and send their acts again. */
export const VERSION = 3;

/**
 * A machine is its login: `session_user`, which `set role` does not change. Machines read the tables and write through
 * these functions alone, each of which says what a login may write. Row security keeps direct writes out, whatever
 * somebody grants.
 */
export const SCHEMA = `
  drop schema if exists samocode_pool cascade;
  create schema samocode_pool;
  create table samocode_pool.schema (version int not null);
  insert into samocode_pool.schema values (${VERSION});

  create table samocode_pool.machines (
    login name not null, project text not null, name text not null, labels text[] not null,
    -- Differs between boots and between copies of a home.
    instance text not null, slots int not null, level text not null, version text not null,
    seen timestamptz not null default now(), primary key (login, project));

  create table samocode_pool.sessions (
    id text primary key check (id ~ '^[0-9A-HJKMNP-TV-Z]{26}$'), project text not null, folder text not null,
    needs text[] not null, wanted boolean not null default true,
    -- Counted in this row, so that giving the session back waits for an act that is being inserted.
    acts_open int not null default 0,
    -- The login that has it, and the one that had it last or offered it.
    host name, last name not null, epoch int not null default 0, until timestamptz,
    not_before timestamptz not null default now(),
    -- The published state, and the login that wrote it here. Only this commit counts, wherever a ref points.
    state text not null check (state ~ '^([0-9a-f]{40}|[0-9a-f]{64})$'), author name not null, card jsonb,
    -- Found by a machine that remembers the oldest transaction that was running when it looked last.
    changed xid8 not null default pg_current_xact_id());
  create index on samocode_pool.sessions (host) where host is not null;
  -- Leaves out the many sessions that wait for a person or are done.
  create index on samocode_pool.sessions (project, id) where acts_open > 0 or wanted;

  create table samocode_pool.acts (
    id text primary key, session text not null references samocode_pool.sessions on delete cascade,
    command text not null, login name not null, at timestamptz not null default now());
  create index on samocode_pool.acts (session);

  alter table samocode_pool.machines enable row level security;
  alter table samocode_pool.sessions enable row level security;
  alter table samocode_pool.acts enable row level security;
  create policy reads on samocode_pool.machines for select using (true);
  create policy reads on samocode_pool.sessions for select using (true);
  -- For whoever sent it, and for the machine that carries it out.
  create policy reads on samocode_pool.acts for select using (login = session_user
    or exists (select from samocode_pool.sessions s where s.id = session and s.host = session_user));

  create function samocode_pool.session_changed() returns trigger language plpgsql as $$
  begin
    new.changed = pg_current_xact_id();
    return new;
  end $$;
  -- Not of "until", which every renewal updates.
  create trigger session_changed
    before update of wanted, acts_open, host, epoch, not_before, state, card on samocode_pool.sessions
    for each row execute function samocode_pool.session_changed();

  -- Why this login cannot be a machine's: nothing in this schema would bind it.
  create function samocode_pool.unfit() returns text language sql stable as $$
    select case
      when r.rolsuper then 'is a superuser'
      when r.rolbypassrls then 'has BYPASSRLS'
      when r.rolcreaterole then 'has CREATEROLE'
      when pg_has_role(session_user, n.nspowner, 'MEMBER') then 'owns the tables of the pool'
    end
    from pg_roles r, pg_namespace n where r.rolname = session_user and n.nspname = 'samocode_pool'
  $$;

  -- The machine that uses this login now, if it is another one.
  create function samocode_pool.other(instance text, lease interval) returns text
    language sql stable security definer set search_path = samocode_pool, pg_temp as $$
    select name from machines m
    where m.login = session_user and m.instance <> other.instance and m.seen > now() - lease limit 1
  $$;

  create function samocode_pool.beat(
    name text, project text, labels text[], instance text, slots int, level text, version text, lease interval)
    returns json language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  declare
    found_other text;
    held json;
  begin
    if unfit() is not null then
      raise exception '%', unfit() using errcode = 'SCP03';
    end if;
    -- Of two machines with this login, one comes first.
    perform pg_advisory_xact_lock(hashtext('samocode_pool ' || session_user));
    found_other := other(beat.instance, beat.lease);
    if found_other is not null then
      raise exception '%', found_other using errcode = 'SCP02';
    end if;
    update machines m set instance = beat.instance where m.login = session_user;
    insert into machines as m (login, project, name, labels, instance, slots, level, version)
      values (session_user, beat.project, beat.name, beat.labels, beat.instance, beat.slots, beat.level, beat.version)
      on conflict on constraint machines_pkey do update set
        name = beat.name, labels = beat.labels, slots = beat.slots, level = beat.level, version = beat.version,
        seen = now();
    with renewed as (
      update sessions s set until = now() + beat.lease where s.host = session_user and s.project = beat.project
      returning s.id, s.epoch)
    select coalesce(json_object_agg(r.id, r.epoch), '{}') into held from renewed r;
    return held;
  end $$;

  -- Refuses a machine whose login another one has taken over.
  create function samocode_pool.me(instance text) returns name
    language plpgsql stable security definer set search_path = samocode_pool, pg_temp as $$
  declare
    found_other text;
  begin
    select m.name into found_other from machines m where m.login = session_user and m.instance <> me.instance limit 1;
    if found_other is not null then
      raise exception '%', found_other using errcode = 'SCP02';
    end if;
    return session_user;
  end $$;

  create function samocode_pool.offer(
    instance text, id text, project text, folder text, needs text[], state text)
    returns void language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  begin
    insert into sessions (id, project, folder, needs, state, author, last)
      values (offer.id, offer.project, offer.folder, offer.needs, offer.state, session_user, me(offer.instance))
      on conflict do nothing;
    if found then
      perform pg_notify('samocode_pool', offer.project);
    end if;
  end $$;

  -- witness: whether expired leases count.
  create function samocode_pool.claim(
    instance text, project text, labels text[], lease interval, free int, witness boolean)
    returns setof jsonb language sql security definer set search_path = samocode_pool, pg_temp as $$
    with open as (
      select s.id, s.host as before from sessions s
      where s.project = claim.project and s.needs <@ claim.labels and (s.acts_open > 0 or s.wanted)
        and (s.host is null or s.until < now() and claim.witness)
        and (s.acts_open > 0 or s.not_before <= now()) and me(claim.instance) = session_user
      order by s.id limit claim.free for update of s skip locked)
    update sessions s set host = session_user, last = session_user, epoch = epoch + 1,
      until = now() + claim.lease, wanted = true
    from open where s.id = open.id
    returning to_jsonb(s) || jsonb_build_object('before', open.before)
  $$;

  -- A state counts from here on. Nothing of a machine that has lost the claim does.
  create function samocode_pool.publish(
    instance text, id text, epoch int, state text, card jsonb, wanted boolean)
    returns boolean language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  begin
    update sessions s set state = publish.state, card = publish.card, wanted = publish.wanted, author = session_user
      where s.id = publish.id and s.host = me(publish.instance) and s.epoch = publish.epoch;
    return found;
  end $$;

  -- Repeating a call has no further effect.
  create function samocode_pool.give_back(
    instance text, id text, epoch int, wanted boolean, not_before interval)
    returns boolean language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  declare
    listener text;
  begin
    update sessions s
      set host = null, until = null, wanted = give_back.wanted, not_before = now() + give_back.not_before
      where s.id = give_back.id and coalesce(s.host, s.last) = me(give_back.instance)
        and s.epoch = give_back.epoch and s.acts_open = 0
      returning s.project into listener;
    if listener is null then
      return false;
    end if;
    if wanted and not_before <= interval '0' then
      perform pg_notify('samocode_pool', listener);
    end if;
    return true;
  end $$;

  create function samocode_pool.act(instance text, id text, session text, command text)
    returns void language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  declare
    listener text;
  begin
    insert into acts (id, session, command, login) values (act.id, act.session, act.command, me(act.instance))
      on conflict do nothing;
    if found then
      update sessions s set acts_open = acts_open + 1 where s.id = act.session
        returning coalesce(s.host, s.project) into listener;
      perform pg_notify('samocode_pool', listener);
    end if;
  end $$;

  -- Not kept: an act that is sent again is answered by the log of its session.
  create function samocode_pool.settle(instance text, ids text[])
    returns void language sql security definer set search_path = samocode_pool, pg_temp as $$
    with done as (
      delete from acts a using sessions s
      where a.id = any(ids) and s.id = a.session and s.host = me(settle.instance) returning a.session)
    update sessions s set acts_open = acts_open - settled
    from (select session, count(*)::int as settled from done group by session) d where s.id = d.session
  $$;

  -- A session that ended leaves the pool. Only the machine that has it, or had it last, may say so.
  create function samocode_pool.forget(instance text, ids text[])
    returns setof text language sql security definer set search_path = samocode_pool, pg_temp as $$
    delete from sessions s
    where s.id = any(ids) and coalesce(s.host, s.last) = me(forget.instance) and s.acts_open = 0 returning s.id
  $$;
`;

/** Roles belong to the whole server. If this login may not create them, an administrator has to. */
export const ROLES = `
  do $$ begin
    if to_regrole('samocode_hosts') is null then create role samocode_hosts nologin; end if;
  exception when insufficient_privilege or duplicate_object or unique_violation then null;
  end $$;
  do $$ begin
    revoke execute on all functions in schema samocode_pool from public;
    if to_regrole('samocode_hosts') is not null then
      revoke all on all tables in schema samocode_pool from samocode_hosts;
      grant usage on schema samocode_pool to samocode_hosts;
      grant select on all tables in schema samocode_pool to samocode_hosts;
      grant execute on all functions in schema samocode_pool to samocode_hosts;
    end if;
  end $$;
`;

/**
 * One row: the sessions that changed since $9, or all of them.
 * $1 name, $2 project, $3 labels, $4 instance, $5 slots, $6 level, $7 version, $8 lease in milliseconds, $9 `next` of
 * the last answer.
 */
export const RENEW = `
  with beat as materialized (
    select samocode_pool.beat($1, $2, $3, $4, $5, $6, $7, $8 * interval '1 ms') as held)
  select (select held from beat) as held,
    pg_snapshot_xmin(pg_current_snapshot())::text as next,
    (select count(*)::int from samocode_pool.sessions where project = $2) as total,
    (select json_agg(json_build_object(
        'id', a.id, 'session', a.session, 'command', a.command, 'person', a.login,
        'machine', coalesce((select m.name from samocode_pool.machines m where m.login = a.login limit 1), a.login))
        order by a.id)
      from samocode_pool.acts a where (select held from beat)::jsonb ? a.session) as acts,
    (select ceil(extract(epoch from min(coalesce(greatest(
        s.until, case when s.acts_open = 0 then s.not_before end), now())) - now()) * 1000)::float8
      from samocode_pool.sessions s
      where s.project = $2 and s.needs <@ $3 and (s.acts_open > 0 or s.wanted)
        and s.host is distinct from session_user) as "openInMs",
    (select json_agg(to_jsonb(s) || jsonb_build_object(
        'wanted', s.wanted or s.acts_open > 0,
        'hostName', (select m.name from samocode_pool.machines m where m.login = s.host and m.project = $2)))
      from samocode_pool.sessions s where s.project = $2 and s.changed >= $9::xid8) as changed`;

/** $1 project, $2 lease in milliseconds. A removed machine may no longer log in. */
export const MACHINES = `
  select login as id, name, project, labels, slots, level, version,
    not coalesce((select r.rolcanlogin from pg_roles r where r.rolname = login), false) as "isRemoved",
    (extract(epoch from now() - seen) * 1000)::float8 as "seenMsAgo", seen > now() - $2 * interval '1 ms' as "isLive"
  from samocode_pool.machines where project = $1 and seen > now() - interval '30 days' order by name, login`;

/** $1 session. */
export const READ = `
  select id, project, folder, needs, wanted or acts_open > 0 as wanted, host, epoch, state, author, card
  from samocode_pool.sessions where id = $1`;

/** $1 login. Only the grant counts: a superuser passes for a member of every role. */
export const IS_MACHINE = `
  select from pg_auth_members m join pg_roles r on r.oid = m.member
  where m.roleid = to_regrole('samocode_hosts') and r.rolname = $1`;

/** $1 login. Its sessions are open to others at once. */
export const TAKE_CLAIMS = `
  with taken as (
    update samocode_pool.sessions set until = now() where host = $1 returning id, folder, project)
  select folder, pg_notify('samocode_pool', project)::text from taken`;
