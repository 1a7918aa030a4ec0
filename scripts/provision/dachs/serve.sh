#!/bin/sh
# What runs in the container: PostgreSQL, then DaCHS; both end cleanly on SIGTERM.
# DaCHS puts SERVER_URL into the addresses of asynchronous jobs.
sed -i "s|^serverURL:.*|serverURL: ${SERVER_URL:-http://127.0.0.1:8080}|" /etc/gavo.rc
rm -f /var/lib/postgresql/15/main/postmaster.pid # left by a container that was killed
pg_ctlcluster 15 main start || exit 1
su -s /bin/sh -c 'exec dachs serve debug' gavo &
server=$!
trap 'kill $server' TERM INT
wait $server
wait $server
pg_ctlcluster 15 main stop -m fast
