CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.api_keys (
    id character varying NOT NULL,
    name character varying NOT NULL,
    digest character varying(64) NOT NULL,
    scopes json NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_by character varying DEFAULT ''::character varying NOT NULL,
    organisation character varying
);
CREATE TABLE public.audit (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying NOT NULL,
    action character varying NOT NULL,
    subject character varying NOT NULL,
    prev character varying(64) NOT NULL,
    digest character varying(64) NOT NULL,
    purpose character varying,
    reason character varying
);
CREATE TABLE public.badges (
    id character varying NOT NULL,
    kind character varying NOT NULL,
    person character varying,
    status character varying NOT NULL,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    version integer NOT NULL,
    issued_at timestamp with time zone,
    last_used date,
    replaced_by character varying
);
CREATE TABLE public.certifications (
    person character varying NOT NULL,
    certification character varying NOT NULL,
    until timestamp with time zone,
    level character varying NOT NULL,
    granted_by character varying NOT NULL,
    granted_at timestamp with time zone
);
CREATE TABLE public.changes (
    version bigint NOT NULL,
    noun character varying NOT NULL,
    subject character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.door_orders (
    door character varying NOT NULL,
    revision bigint NOT NULL,
    orders text NOT NULL
);
CREATE TABLE public.erasures (
    digest character varying(64) NOT NULL,
    pseudonym character varying NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.events (
    source character varying NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    type character varying NOT NULL,
    door character varying,
    reader character varying,
    space character varying,
    origin character varying,
    effect character varying,
    reason character varying,
    person character varying,
    badge character varying,
    salt character varying,
    record bytea NOT NULL,
    digest character varying(64) NOT NULL
);
CREATE TABLE public.findings (
    source character varying NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    kind character varying NOT NULL,
    at timestamp with time zone NOT NULL,
    detail text NOT NULL
);
CREATE TABLE public.grants (
    id character varying NOT NULL,
    person character varying NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone NOT NULL,
    doors json NOT NULL,
    spaces json NOT NULL,
    given_by character varying NOT NULL,
    reason character varying NOT NULL,
    most_uses integer,
    uses integer NOT NULL
);
CREATE TABLE public.holds (
    id character varying NOT NULL,
    person character varying,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    reason character varying NOT NULL,
    asked_by character varying NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    approved_by character varying,
    approved_at timestamp with time zone,
    lifted_by character varying,
    lifted_at timestamp with time zone
);
CREATE TABLE public.idempotent_answers (
    actor character varying NOT NULL,
    key character varying NOT NULL,
    request_digest character varying(64) NOT NULL,
    at timestamp with time zone NOT NULL,
    status integer NOT NULL,
    headers json NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE public.imports (
    id character varying NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying NOT NULL,
    digest character varying(64) NOT NULL,
    organisation character varying,
    added integer NOT NULL,
    changed integer NOT NULL,
    ended integer NOT NULL,
    unchanged integer NOT NULL
);
CREATE TABLE public.kept_for (
    kind character varying NOT NULL,
    hours integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying NOT NULL,
    override character varying
);
CREATE TABLE public.lockdowns (
    id character varying NOT NULL,
    space character varying,
    since timestamp with time zone NOT NULL,
    until timestamp with time zone,
    actor character varying NOT NULL,
    reason character varying NOT NULL,
    ended_at timestamp with time zone
);
CREATE TABLE public.musters (
    id character varying NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by character varying NOT NULL,
    is_drill boolean NOT NULL,
    closed_at timestamp with time zone,
    people text NOT NULL
);
CREATE TABLE public.musters_safe (
    muster character varying NOT NULL,
    person character varying NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying NOT NULL
);
CREATE TABLE public.occupancy_days (
    space character varying NOT NULL,
    day date NOT NULL,
    peak integer NOT NULL,
    peak_minute integer NOT NULL,
    person_minutes integer NOT NULL,
    minutes integer NOT NULL,
    daytime double precision,
    entries integer NOT NULL,
    exits integer NOT NULL,
    means bytea NOT NULL,
    lows bytea NOT NULL,
    highs bytea NOT NULL,
    inferred bytea NOT NULL,
    hourly_entries bytea NOT NULL,
    hourly_exits bytea NOT NULL
);
CREATE TABLE public.occupancy_minutes (
    space character varying NOT NULL,
    day date NOT NULL,
    counts bytea NOT NULL
);
CREATE TABLE public.operators (
    name character varying NOT NULL,
    role character varying NOT NULL,
    password_hash character varying NOT NULL,
    one_time boolean NOT NULL,
    disabled boolean NOT NULL,
    failures integer NOT NULL,
    locked_until timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    organisation character varying,
    space character varying,
    removed_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL
);
CREATE TABLE public.organisations (
    id character varying NOT NULL,
    name character varying NOT NULL,
    version integer NOT NULL,
    tiers json DEFAULT '[]'::json NOT NULL
);
CREATE TABLE public.people (
    id character varying NOT NULL,
    external_id character varying,
    name character varying NOT NULL,
    type character varying NOT NULL,
    organisation character varying,
    valid_from timestamp with time zone,
    valid_until timestamp with time zone,
    suspended boolean NOT NULL,
    extended_opening boolean NOT NULL,
    host character varying,
    version integer NOT NULL
);
CREATE TABLE public.pins (
    person character varying NOT NULL,
    hash character varying NOT NULL
);
CREATE TABLE public.policies (
    seq integer NOT NULL,
    version character varying NOT NULL,
    digest character varying(64) NOT NULL,
    files json NOT NULL,
    note character varying NOT NULL,
    proposed_by character varying NOT NULL,
    proposed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.policy_activations (
    seq integer NOT NULL,
    policy integer NOT NULL,
    at timestamp with time zone NOT NULL,
    actor character varying NOT NULL
);
CREATE TABLE public.presence (
    id integer NOT NULL,
    at timestamp with time zone NOT NULL,
    tallies text NOT NULL,
    doubts text NOT NULL
);
CREATE TABLE public.publications (
    version bigint NOT NULL,
    scope character varying NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    digest character varying(64) NOT NULL
);
CREATE TABLE public.purges (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind character varying NOT NULL,
    before timestamp with time zone NOT NULL,
    number integer NOT NULL,
    digest character varying(64) NOT NULL,
    "left" integer NOT NULL,
    held integer NOT NULL
);
CREATE TABLE public.sessions (
    digest character varying(64) NOT NULL,
    operator character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.site (
    id integer NOT NULL,
    name character varying NOT NULL,
    key_fingerprint character varying(64) NOT NULL,
    publication bigint NOT NULL,
    audit_seq bigint NOT NULL,
    audit_digest character varying(64) NOT NULL,
    published bigint NOT NULL,
    deltas_from bigint NOT NULL,
    audit_gone_seq bigint DEFAULT '0'::bigint NOT NULL,
    audit_gone_digest character varying(64) DEFAULT '0000000000000000000000000000000000000000000000000000000000000000'::character varying NOT NULL
);
CREATE TABLE public.sources (
    source character varying NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    digest character varying(64) NOT NULL
);
CREATE TABLE public.tiers_held (
    person character varying NOT NULL,
    tier character varying NOT NULL
);
CREATE TABLE public.visits (
    id character varying NOT NULL,
    person character varying NOT NULL,
    host character varying NOT NULL,
    doors json NOT NULL,
    spaces json NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone NOT NULL,
    state character varying NOT NULL,
    escorted boolean NOT NULL,
    badge character varying,
    arrived_at timestamp with time zone,
    left_at timestamp with time zone,
    version integer NOT NULL
);
CREATE TABLE public.visits_days (
    day date NOT NULL,
    kind character varying NOT NULL,
    lengths bytea NOT NULL
);
INSERT INTO public.alembic_version VALUES ('20261128z');
INSERT INTO public.api_keys VALUES ('ec2065de1ff6dd59', 'desk', '78a6cfe569b051ad6a2486d3c7331e442d60f82559612dc44ee6f5bf81cd293b', '["people:read"]', '2026-09-15 10:00:00+00', NULL, NULL, 'root', NULL);
INSERT INTO public.audit VALUES (1, '2026-09-15 10:00:00+00', 'test', 'organisation-added', 'acme', '0000000000000000000000000000000000000000000000000000000000000000', 'e5ce1baec4b25a602786a3dd2d79810ea50f42bebb38ad5fa15fdd15b64709a7', NULL, NULL);
INSERT INTO public.audit VALUES (2, '2026-09-15 10:00:00+00', 'test', 'person-added', 'ada', 'e5ce1baec4b25a602786a3dd2d79810ea50f42bebb38ad5fa15fdd15b64709a7', '1ecaa32f7e25a8042f636ab3c50f86399549920ef1d4496f45128afd9d2f620f', NULL, NULL);
INSERT INTO public.audit VALUES (3, '2026-09-15 10:00:00+00', 'test', 'person-added', 'eve', '1ecaa32f7e25a8042f636ab3c50f86399549920ef1d4496f45128afd9d2f620f', '98a3e5750a4b5fd1d7c36551ab18cfdf49b3eadb316eab6768d05360d31c4ada', NULL, NULL);
INSERT INTO public.audit VALUES (4, '2026-09-15 10:00:00+00', 'test', 'badge-added', '04aabbcc', '98a3e5750a4b5fd1d7c36551ab18cfdf49b3eadb316eab6768d05360d31c4ada', 'a40b5f6b92339d074455958a62323aaea3ff3b4f7b98dc64f958bb752117c645', NULL, NULL);
INSERT INTO public.audit VALUES (5, '2026-09-15 10:00:00+00', 'test', 'badge-added', '04ddeeff', 'a40b5f6b92339d074455958a62323aaea3ff3b4f7b98dc64f958bb752117c645', 'a45209258b37d3f0c9174d32909c39e0bb40ae43e2674c308c1456214bb24371', NULL, NULL);
INSERT INTO public.audit VALUES (6, '2026-09-15 10:00:00+00', 'test', 'pin-set', 'ada', 'a45209258b37d3f0c9174d32909c39e0bb40ae43e2674c308c1456214bb24371', '5167ef5787ad3aaef4ed92745f4da0e3db28f2a875e7cee52f37b9447795e158', NULL, NULL);
INSERT INTO public.audit VALUES (7, '2026-09-15 10:00:00+00', 'test', 'person-added', 'vic', '5167ef5787ad3aaef4ed92745f4da0e3db28f2a875e7cee52f37b9447795e158', '5aad4f70322ea07951c4e98f61d8c64b898bf44f652b7321bd0c21f7daf59941', NULL, NULL);
INSERT INTO public.audit VALUES (8, '2026-09-15 10:00:00+00', 'test', 'visit-expected', 'vic', '5aad4f70322ea07951c4e98f61d8c64b898bf44f652b7321bd0c21f7daf59941', '77f0042e9013bfaa6adfd07508a7457372a87e0162b76e51e3412281003e1b29', NULL, NULL);
INSERT INTO public.audit VALUES (9, '2026-09-15 10:00:00+00', 'test', 'import-applied', 'ad82687e65ec', '77f0042e9013bfaa6adfd07508a7457372a87e0162b76e51e3412281003e1b29', '98571c779e67bb58b895b013afd9b3f2a43231ccd25578d2a430c7fcfae58025', NULL, 'sha256 e43be013a3ce8896c9d972e876b5ec29f208f59582182ca4ab30aa18a2374372');
INSERT INTO public.audit VALUES (10, '2026-09-15 10:00:00+00', 'test', 'person-added', 'p-7cacdbf6d969d4d2', '98571c779e67bb58b895b013afd9b3f2a43231ccd25578d2a430c7fcfae58025', '1312337144912e1a9b9ee30830fc53d1db4a00feb751080bf4ced3698ce1c235', NULL, NULL);
INSERT INTO public.audit VALUES (11, '2026-09-15 10:00:00+00', 'test', 'operator-created', 'root', '1312337144912e1a9b9ee30830fc53d1db4a00feb751080bf4ced3698ce1c235', 'ec5f8b1a960d2b83403894f015ee255962dc8685a8094bda452c1f69a1f5457e', NULL, NULL);
INSERT INTO public.audit VALUES (12, '2026-09-15 10:00:00+00', 'root', 'password-set', 'root', 'ec5f8b1a960d2b83403894f015ee255962dc8685a8094bda452c1f69a1f5457e', 'f1014b04af5b02169012139dd11d628b5044f0021e2d7d78d7bc9208570eee8c', NULL, NULL);
INSERT INTO public.audit VALUES (13, '2026-09-15 10:00:00+00', 'root', 'key-created', 'ec2065de1ff6dd59', 'f1014b04af5b02169012139dd11d628b5044f0021e2d7d78d7bc9208570eee8c', 'd9451e485a8b477ef4f51106064c531abaccdd22ea28dbfebb20d18e22f48b2a', NULL, NULL);
INSERT INTO public.audit VALUES (14, '2026-09-15 10:00:00+00', 'warden', 'roll-call-opened', '7f3a4f91c916', 'd9451e485a8b477ef4f51106064c531abaccdd22ea28dbfebb20d18e22f48b2a', '54f1f0dadce1b295a07b6945c6b2da00296701541e42ff966ad639c2b249978f', NULL, NULL);
INSERT INTO public.audit VALUES (15, '2026-09-15 10:00:00+00', 'test', 'person-erased', 'eve', '54f1f0dadce1b295a07b6945c6b2da00296701541e42ff966ad639c2b249978f', 'f73cef60fe2714ef1ed6a7555a1b1e33edd93d67cdd23809212dbbf62937ad97', NULL, 'asked');
INSERT INTO public.audit VALUES (16, '2026-09-15 10:00:00+00', 'root', 'hold-asked', '185f911690e3', 'f73cef60fe2714ef1ed6a7555a1b1e33edd93d67cdd23809212dbbf62937ad97', 'e208c6a25caa4e097517f7a572e9e2e6e2d752288562e531476e3710e92d8ef4', NULL, 'a theft');
INSERT INTO public.audit VALUES (17, '2026-09-15 10:00:00+00', 'root', 'retention-set', 'elsewhere: 2 h', 'e208c6a25caa4e097517f7a572e9e2e6e2d752288562e531476e3710e92d8ef4', 'aaf97ee03631493ac359884cf8ec35a689b21ead7fb1afd0ed7dc00f7f8dc5cc', NULL, NULL);
INSERT INTO public.audit VALUES (18, '2026-09-15 10:00:00+00', 'root', 'retention-set', 'perimeter: 24 h', 'aaf97ee03631493ac359884cf8ec35a689b21ead7fb1afd0ed7dc00f7f8dc5cc', 'a7ee6e8a7c5d5e758b27856796ecfc0bd6863aaf83642e1231f65b25c7bd91f2', NULL, NULL);
INSERT INTO public.audit VALUES (19, '2026-09-17 10:00:00+00', 'retention', 'purged', 'perimeter: 5 events, 0 left, 0 held, sha256 6646e8ee9acb3f83413f2b62d874539bbb71a34547a6336ac8c0e542e75365a1', 'a7ee6e8a7c5d5e758b27856796ecfc0bd6863aaf83642e1231f65b25c7bd91f2', 'f3ee61dc353822f33f700f70e0902c256e82ef14093147d017e5b0ffc93449ba', NULL, NULL);
INSERT INTO public.audit VALUES (20, '2026-09-15 10:00:00+00', 'test', 'badge-report-lost', '04ddeeff', 'f3ee61dc353822f33f700f70e0902c256e82ef14093147d017e5b0ffc93449ba', 'ca0743729a5aaced78cf819ed3e41a53bac2df75039c6a832ba57a615bbf9c66', NULL, NULL);
INSERT INTO public.audit VALUES (21, '2026-09-15 10:00:00+00', 'test', 'lockdown', 'front: act-1: a drill', 'ca0743729a5aaced78cf819ed3e41a53bac2df75039c6a832ba57a615bbf9c66', '5dbc0472b123e1dc90d68b1559cff0e291faeed86145f2de4acf7a6f47fe868a', NULL, NULL);
INSERT INTO public.badges VALUES ('04aabbcc', 'uid', 'ada', 'active', NULL, NULL, 1, '2026-09-15 10:00:00+00', NULL, NULL);
INSERT INTO public.badges VALUES ('04ddeeff', 'uid', 'ada', 'lost', NULL, NULL, 2, '2026-09-15 10:00:00+00', NULL, NULL);
INSERT INTO public.certifications VALUES ('ada', 'laser', '2026-12-14 10:00:00+00', 'autonomous', 'test', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400000, 'person', 'ada', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400000, 'person', 'eve', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400001, 'badge', '04aabbcc', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400001, 'badge', '04ddeeff', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400002, 'person', 'ada', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400003, 'person', 'vic', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400004, 'person', 'p-7cacdbf6d969d4d2', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400005, 'person', 'eve', '2026-09-15 10:00:00+00');
INSERT INTO public.changes VALUES (1789466400007, 'badge', '04ddeeff', '2026-09-15 10:00:00+00');
INSERT INTO public.door_orders VALUES ('front', 1789466400000, '{"revision":1789466400000,"lockdown":{"id":"act-1","since":"2026-09-15T10:00:00Z","mode":"lockdown","until":"2026-09-15T11:00:00Z"}}');
INSERT INTO public.erasures VALUES ('5705db510173dd585a7235ea53d4c28c8e6b1d77d947adcad84b79b0a9ac5690', 'erased-13fc6004829af823', '2026-09-15 10:00:00+00');
INSERT INTO public.events VALUES ('edge-1', 1, 1, '2026-09-15 10:00:00+00', 'passage', 'front', NULL, 'hall', 'outside', NULL, NULL, NULL, NULL, NULL, '\x7b226174223a22323032362d30392d31355431303a30303a30305a222c2274797065223a2270617373616765222c22646f6f72223a2266726f6e74222c227370616365223a2268616c6c222c226f726967696e223a226f757473696465222c226964223a22656467652d313a313a31222c22736f75726365223a22656467652d31222c2265706f6368223a312c22736571223a312c2270726576223a2230303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030222c2276223a312c22636f6d6d69746d656e74223a2232373639356239326461616433613431323164626635336633666232376333346537363738643031653464313135636138663231396565336464636136383065227d', 'b30f4ff1d9e29052210a05f5a64768b637eb7aebf6685c984ca9e1b0700e94a5');
INSERT INTO public.events VALUES ('edge-1', 1, 2, '2026-09-15 10:00:01+00', 'passage', 'front', NULL, 'outside', 'hall', NULL, NULL, NULL, NULL, NULL, '\x7b226174223a22323032362d30392d31355431303a30303a30315a222c2274797065223a2270617373616765222c22646f6f72223a2266726f6e74222c227370616365223a226f757473696465222c226f726967696e223a2268616c6c222c226964223a22656467652d313a313a32222c22736f75726365223a22656467652d31222c2265706f6368223a312c22736571223a322c2270726576223a2262333066346666316439653239303532323130613035663561363437363862363337656237616562663636383563393834636139653162303730306539346135222c2276223a312c22636f6d6d69746d656e74223a2238353361636465646465653564346535643831353937636638326162303566633930626137633832623334303332323137303130653837333037303134633066227d', 'ed135105f6b49242d866954df3536d524663f0a5a5e77d2bcdff92256696ca89');
INSERT INTO public.events VALUES ('edge-1', 1, 3, '2026-09-15 10:00:02+00', 'passage', 'front', NULL, 'hall', 'outside', NULL, NULL, NULL, NULL, NULL, '\x7b226174223a22323032362d30392d31355431303a30303a30325a222c2274797065223a2270617373616765222c22646f6f72223a2266726f6e74222c227370616365223a2268616c6c222c226f726967696e223a226f757473696465222c226964223a22656467652d313a313a33222c22736f75726365223a22656467652d31222c2265706f6368223a312c22736571223a332c2270726576223a2265643133353130356636623439323432643836363935346466333533366435323436363366306135613565373764326263646666393232353636393663613839222c2276223a312c22636f6d6d69746d656e74223a2233373639366364363135653834383461336665623631306163366439336331303139646264616330356361326633303532343930343462363864303539366662227d', 'fd6c15fb98a1bc2c324ff09a53a2ef3d39421730dcd140373f572bccd634b83d');
INSERT INTO public.events VALUES ('edge-1', 1, 4, '2026-09-15 10:00:03+00', 'passage', 'front', NULL, 'outside', 'hall', NULL, NULL, NULL, NULL, NULL, '\x7b226174223a22323032362d30392d31355431303a30303a30335a222c2274797065223a2270617373616765222c22646f6f72223a2266726f6e74222c227370616365223a226f757473696465222c226f726967696e223a2268616c6c222c226964223a22656467652d313a313a34222c22736f75726365223a22656467652d31222c2265706f6368223a312c22736571223a342c2270726576223a2266643663313566623938613162633263333234666630396135336132656633643339343231373330646364313430333733663537326263636436333462383364222c2276223a312c22636f6d6d69746d656e74223a2266613766646462636463303734373837336162363937636336306162623263623962333165333238373361356138646561393162396136303539356462313039227d', '18e96b918fca42c2e89c936002b9f7bc4d9385032e4ada129852132ac093710c');
INSERT INTO public.events VALUES ('edge-1', 1, 5, '2026-09-15 10:00:04+00', 'passage', 'front', NULL, 'hall', 'outside', NULL, NULL, NULL, NULL, NULL, '\x7b226174223a22323032362d30392d31355431303a30303a30345a222c2274797065223a2270617373616765222c22646f6f72223a2266726f6e74222c227370616365223a2268616c6c222c226f726967696e223a226f757473696465222c226964223a22656467652d313a313a35222c22736f75726365223a22656467652d31222c2265706f6368223a312c22736571223a352c2270726576223a2231386539366239313866636134326332653839633933363030326239663762633464393338353033326534616461313239383532313332616330393337313063222c2276223a312c22636f6d6d69746d656e74223a2230313531303738333438346665366264323466323135653365313337653839623531343831633665653131613161626166313136356461383432613536373662227d', '13e2f4f04ef3c9f17a4cdafadeceb1e67aeb772b4c2dfde0d97e0e1f049f8e42');
INSERT INTO public.findings VALUES ('edge-1', 0, 0, 'garbage', '2026-09-15 10:00:00+00', 'line 5: not an event: JSON is malformed: invalid character (byte 0)');
INSERT INTO public.grants VALUES ('g1', 'ada', '2026-09-15 10:00:00+00', '2026-09-16 10:00:00+00', '["room"]', '["hall"]', 'test', '', NULL, 0);
INSERT INTO public.holds VALUES ('185f911690e3', 'ada', '2026-09-15 10:00:00+00', '2026-09-17 10:00:00+00', 'a theft', 'root', '2026-09-15 10:00:00+00', '2026-09-26 10:00:00+00', NULL, NULL, NULL, NULL);
INSERT INTO public.idempotent_answers VALUES ('root', 'key-1', '0000000000000000000000000000000000000000000000000000000000000000', '2026-09-15 10:00:00+00', 201, '{"ETag": "\"1\""}', '\x7b7d');
INSERT INTO public.imports VALUES ('ad82687e65ec', '2026-09-15 10:00:00+00', 'test', 'e43be013a3ce8896c9d972e876b5ec29f208f59582182ca4ab30aa18a2374372', NULL, 1, 0, 0, 0);
INSERT INTO public.kept_for VALUES ('elsewhere', 2, '2026-09-15 10:00:00+00', 'root', NULL);
INSERT INTO public.kept_for VALUES ('perimeter', 24, '2026-09-15 10:00:00+00', 'root', NULL);
INSERT INTO public.lockdowns VALUES ('act-1', 'hall', '2026-09-15 10:00:00+00', '2026-09-15 11:00:00+00', 'test', 'a drill', NULL);
INSERT INTO public.musters VALUES ('7f3a4f91c916', '2026-09-15 10:00:00+00', 'warden', true, NULL, '[{"person":"1","name":"","kind":"staff","organisation":null,"space":"hall","door":"front","seen_at":"2026-09-15T10:00:04Z","confirmed":true,"inside_at":null,"left_at":null,"left_by":null}]');
INSERT INTO public.musters_safe VALUES ('7f3a4f91c916', '1', '2026-09-15 10:00:00+00', 'warden');
INSERT INTO public.occupancy_days VALUES ('hall', '2026-09-15', 3, 600, 4320, 1440, 3, 24, 24, '\x000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040000040400000404000004040', '\x030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000', '\x030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000', '\x030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000030000000300000003000000', '\x010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000', '\x010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000010000000100000001000000');
INSERT INTO public.occupancy_minutes VALUES ('hall', '2026-09-15', '\x7801edd2310d00000cc3b048e5cf792476fa0881c8ab260f186080010618608001061860800106186080010618608001069e0d1c1b6210e1');
INSERT INTO public.operators VALUES ('root', 'administrator', '$argon2id$v=19$m=65536,t=3,p=4$/EWz3pEsmZHWYx2zuzXrNQ$5Dz2GVlbSiOUDZRlrIeiEjUXlNT+oe7RIisFsgt5dvM', false, false, 0, NULL, '2026-09-15 10:00:00+00', NULL, NULL, NULL, 1);
INSERT INTO public.organisations VALUES ('acme', 'Acme', 1, '["staff"]');
INSERT INTO public.people VALUES ('ada', 'HR-1', 'Ada Lovelace ☕', 'staff', 'acme', NULL, NULL, false, false, NULL, 1);
INSERT INTO public.people VALUES ('vic', NULL, 'Vic', 'visitor', NULL, '2026-09-15 10:00:00+00', '2026-09-15 12:00:00+00', false, false, 'ada', 1);
INSERT INTO public.people VALUES ('p-7cacdbf6d969d4d2', 'HR-2', 'Bob', 'corporate', 'acme', NULL, NULL, false, false, NULL, 1);
INSERT INTO public.pins VALUES ('ada', 'scrypt$8192$8$1$2WAtDKx7XnTC9V3OzA4EYw==$VTjYznCq9WsUMxQjJoZn28HzXq2Oa6hxrvwFcXa3lwI=');
INSERT INTO public.policies VALUES (1, 'test-1', '0000000000000000000000000000000000000000000000000000000000000000', '{"policy.toml": "version = 1"}', 'the first', 'root', '2026-09-15 10:00:00+00');
INSERT INTO public.policy_activations VALUES (1, 1, '2026-09-15 10:00:00+00', 'root');
INSERT INTO public.presence VALUES (1, '2026-09-14 10:00:00+00', '[]', '{}');
INSERT INTO public.publications VALUES (1789466400006, 'edge-1', '2026-09-15 10:00:00+00', '440e089f9adb080603cb46a479e8dffdb61b066a0c2d728ebde3dc6481496deb');
INSERT INTO public.publications VALUES (1789466400006, 'edge-2', '2026-09-15 10:00:00+00', '33fd68ec5fbf05ce002e66a549cf0c252afa5587b880a3cc7c7a0202735a0847');
INSERT INTO public.purges VALUES (1, '2026-09-17 10:00:00+00', 'perimeter', '2026-09-16 10:00:00+00', 5, '6646e8ee9acb3f83413f2b62d874539bbb71a34547a6336ac8c0e542e75365a1', 0, 0);
INSERT INTO public.sessions VALUES ('1db4f80a6a46005cf23fce8efbc337e9f21ea92131accce1bb3135b7c01e0084', 'root', '2026-09-15 10:00:00+00', '2026-09-15 22:00:00+00');
INSERT INTO public.site VALUES (1, 'mill', '6b1a22d9ac873cbd750594f38aa66b18d6adf600fb263cabc5a03682ed912908', 1789466400007, 21, '5dbc0472b123e1dc90d68b1559cff0e291faeed86145f2de4acf7a6f47fe868a', 1789466400006, 1789466400006, 0, '0000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO public.sources VALUES ('edge-1', 1, 5, '13e2f4f04ef3c9f17a4cdafadeceb1e67aeb772b4c2dfde0d97e0e1f049f8e42');
INSERT INTO public.tiers_held VALUES ('ada', 'staff');
INSERT INTO public.visits VALUES ('v1', 'vic', 'ada', '[]', '[]', '2026-09-15 10:00:00+00', '2026-09-15 12:00:00+00', 'expected', true, NULL, NULL, NULL, 1);
INSERT INTO public.visits_days VALUES ('2026-09-15', 'staff', '\x000000000200000001000000');
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (seq);
ALTER TABLE ONLY public.badges
    ADD CONSTRAINT pk_badges PRIMARY KEY (id);
ALTER TABLE ONLY public.certifications
    ADD CONSTRAINT pk_certifications PRIMARY KEY (person, certification);
ALTER TABLE ONLY public.changes
    ADD CONSTRAINT pk_changes PRIMARY KEY (version, noun, subject);
ALTER TABLE ONLY public.door_orders
    ADD CONSTRAINT pk_door_orders PRIMARY KEY (door);
ALTER TABLE ONLY public.erasures
    ADD CONSTRAINT pk_erasures PRIMARY KEY (digest);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (source, epoch, seq);
ALTER TABLE ONLY public.findings
    ADD CONSTRAINT pk_findings PRIMARY KEY (source, epoch, seq, kind);
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT pk_grants PRIMARY KEY (id);
ALTER TABLE ONLY public.holds
    ADD CONSTRAINT pk_holds PRIMARY KEY (id);
ALTER TABLE ONLY public.idempotent_answers
    ADD CONSTRAINT pk_idempotent_answers PRIMARY KEY (actor, key);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT pk_imports PRIMARY KEY (id);
ALTER TABLE ONLY public.kept_for
    ADD CONSTRAINT pk_kept_for PRIMARY KEY (kind);
ALTER TABLE ONLY public.lockdowns
    ADD CONSTRAINT pk_lockdowns PRIMARY KEY (id);
ALTER TABLE ONLY public.musters
    ADD CONSTRAINT pk_musters PRIMARY KEY (id);
ALTER TABLE ONLY public.musters_safe
    ADD CONSTRAINT pk_musters_safe PRIMARY KEY (muster, person);
ALTER TABLE ONLY public.occupancy_days
    ADD CONSTRAINT pk_occupancy_days PRIMARY KEY (space, day);
ALTER TABLE ONLY public.occupancy_minutes
    ADD CONSTRAINT pk_occupancy_minutes PRIMARY KEY (space, day);
ALTER TABLE ONLY public.operators
    ADD CONSTRAINT pk_operators PRIMARY KEY (name);
ALTER TABLE ONLY public.organisations
    ADD CONSTRAINT pk_organisations PRIMARY KEY (id);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT pk_people PRIMARY KEY (id);
ALTER TABLE ONLY public.pins
    ADD CONSTRAINT pk_pins PRIMARY KEY (person);
ALTER TABLE ONLY public.policies
    ADD CONSTRAINT pk_policies PRIMARY KEY (seq);
ALTER TABLE ONLY public.policy_activations
    ADD CONSTRAINT pk_policy_activations PRIMARY KEY (seq);
ALTER TABLE ONLY public.presence
    ADD CONSTRAINT pk_presence PRIMARY KEY (id);
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT pk_publications PRIMARY KEY (version, scope);
ALTER TABLE ONLY public.purges
    ADD CONSTRAINT pk_purges PRIMARY KEY (seq);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT pk_sessions PRIMARY KEY (digest);
ALTER TABLE ONLY public.site
    ADD CONSTRAINT pk_site PRIMARY KEY (id);
ALTER TABLE ONLY public.sources
    ADD CONSTRAINT pk_sources PRIMARY KEY (source, epoch);
ALTER TABLE ONLY public.tiers_held
    ADD CONSTRAINT pk_tiers_held PRIMARY KEY (person, tier);
ALTER TABLE ONLY public.visits
    ADD CONSTRAINT pk_visits PRIMARY KEY (id);
ALTER TABLE ONLY public.visits_days
    ADD CONSTRAINT pk_visits_days PRIMARY KEY (day, kind);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_digest UNIQUE (digest);
ALTER TABLE ONLY public.people
    ADD CONSTRAINT uq_people_external_id UNIQUE (external_id);
ALTER TABLE ONLY public.policies
    ADD CONSTRAINT uq_policies_digest UNIQUE (digest);
CREATE INDEX ix_api_keys_created_by ON public.api_keys USING btree (created_by);
CREATE INDEX ix_audit_actor ON public.audit USING btree (actor);
CREATE INDEX ix_audit_subject ON public.audit USING btree (subject);
CREATE INDEX ix_badges_person ON public.badges USING btree (person);
CREATE INDEX ix_certifications_until ON public.certifications USING btree (until);
CREATE INDEX ix_events_at ON public.events USING btree (at, source, epoch, seq);
CREATE INDEX ix_events_linked ON public.events USING btree (at) WHERE ((person IS NOT NULL) OR (badge IS NOT NULL));
CREATE INDEX ix_events_person ON public.events USING btree (person);
CREATE INDEX ix_grants_person ON public.grants USING btree (person);
CREATE INDEX ix_occupancy_days_day ON public.occupancy_days USING btree (day, space, peak, person_minutes, minutes, daytime, entries, exits);
CREATE INDEX ix_people_organisation ON public.people USING btree (organisation);
CREATE INDEX ix_sessions_operator ON public.sessions USING btree (operator);
CREATE INDEX ix_visits_host ON public.visits USING btree (host);
CREATE INDEX ix_visits_person ON public.visits USING btree (person);
CREATE INDEX ix_visits_state ON public.visits USING btree (state, valid_from);
ALTER TABLE ONLY public.badges
    ADD CONSTRAINT fk_badges_person FOREIGN KEY (person) REFERENCES public.people(id);
ALTER TABLE ONLY public.certifications
    ADD CONSTRAINT fk_certifications_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.grants
    ADD CONSTRAINT fk_grants_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.people
    ADD CONSTRAINT fk_people_host FOREIGN KEY (host) REFERENCES public.people(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.people
    ADD CONSTRAINT fk_people_organisation FOREIGN KEY (organisation) REFERENCES public.organisations(id);
ALTER TABLE ONLY public.pins
    ADD CONSTRAINT fk_pins_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.policy_activations
    ADD CONSTRAINT fk_policy_activations_policy FOREIGN KEY (policy) REFERENCES public.policies(seq);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT fk_sessions_operator FOREIGN KEY (operator) REFERENCES public.operators(name) ON DELETE CASCADE;
ALTER TABLE ONLY public.tiers_held
    ADD CONSTRAINT fk_tiers_held_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.visits
    ADD CONSTRAINT fk_visits_host FOREIGN KEY (host) REFERENCES public.people(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.visits
    ADD CONSTRAINT fk_visits_person FOREIGN KEY (person) REFERENCES public.people(id) ON DELETE CASCADE;
