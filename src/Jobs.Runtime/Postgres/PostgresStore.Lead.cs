using Jobs.Store;
using NpgsqlTypes;

namespace Jobs.Postgres;

sealed partial class PostgresStore
{
    // Who leads stays so while it renews in time; a row whose time has run out goes to the first who asks. Who can see that
    // another one leads does not touch the row.
    internal const string ElectSql = """
        WITH elected AS (
            INSERT INTO :schema.leader AS l (node, elected_at, expires_at)
            SELECT $1, :schema.clock(), :schema.clock() + $2
            WHERE NOT EXISTS (SELECT FROM :schema.leader AS other WHERE other.node <> $1 AND other.expires_at > :schema.clock())
            ON CONFLICT (only_one) DO UPDATE
            SET
                node = excluded.node,
                elected_at = CASE WHEN l.node = excluded.node AND l.expires_at > :schema.clock() THEN l.elected_at ELSE excluded.elected_at END,
                expires_at = excluded.expires_at
            WHERE l.node = excluded.node OR l.expires_at <= :schema.clock()
            RETURNING l.expires_at
        )
        SELECT true, expires_at - :schema.clock()
        FROM elected
        UNION ALL
        SELECT false, l.expires_at - :schema.clock()
        FROM :schema.leader AS l
        WHERE NOT EXISTS (SELECT FROM elected)
        """;

    public override Task<Election> ElectAsync(Guid node, TimeSpan lease, CancellationToken cancellationToken) =>
        QueryAsync(
            _elect,
            parameters =>
            {
                parameters.Bind(node, NpgsqlDbType.Uuid);
                parameters.Bind(lease, NpgsqlDbType.Interval);
            },
            static async (reader, token) => await reader.ReadAsync(token).ConfigureAwait(false)
                ? new Election(reader.GetBoolean(0), reader.GetTimeSpan(1))
                : new Election(IsLeader: false, TimeSpan.Zero),   // two asked at once, and the other one's row is newer than this snapshot
            cancellationToken);

    internal const string ResignSql = "DELETE FROM :schema.leader WHERE node = $1";

    public override Task ResignAsync(Guid node, CancellationToken cancellationToken) =>
        ExecuteAsync(_resign, parameters => parameters.Bind(node, NpgsqlDbType.Uuid), cancellationToken);
}
