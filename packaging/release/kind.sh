#!/bin/bash
# Installs the chart on a kind cluster with an image that kind has, against a simulated Teleport cluster
# on this machine, runs `helm test`, and upgrades from the chart before, if there is one:
#
#   kind.sh IMAGE:TAG [CHART-BEFORE]
#
# Needs kind, kubectl, helm, socat, jq and npx; ends with the first thing that fails.
set -euo pipefail

image=$1
before=${2:-}
chart=$(cd "$(dirname "$0")/../chart/teleport-plugin-email" && pwd)
sim=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$sim"' EXIT

npx -y deno@2.9.3 task cluster --dir "$sim" &
until [ -s "$sim/teleport-email.toml" ] && [ -s "$sim/identity" ]; do sleep 1; done
# The simulation listens on 127.0.0.1; pods reach this machine by the gateway of kind's network.
gateway=$(docker network inspect kind | jq -r '.[0].IPAM.Config[].Gateway // empty | select(contains("."))' | head -n 1)
port_of() { sed -n "/^\[$1\]/,/^\[/s/^$2 = .*[^0-9]\?\b\([0-9]\{2,5\}\)\"\?\$/\1/p" "$sim/teleport-email.toml"; }
cluster_port=$(port_of teleport addr)
mail_port=$(port_of smtp port)
for port in "$cluster_port" "$mail_port"; do
  socat "TCP-LISTEN:$port,bind=$gateway,fork,reuseaddr" "TCP:127.0.0.1:$port" &
done

kubectl create secret generic identity --from-file=auth_id="$sim/identity"
kubectl create secret generic smtp --from-literal=smtpPassword=secret
kubectl create configmap mail-ca --from-file=ca.pem="$sim/mail-ca.pem"
cat >"$sim/values.yaml" <<EOF
image: { repository: "${image%:*}", tag: "${image##*:}", pullPolicy: Never }
teleport: { address: "$gateway:$cluster_port", identitySecretName: identity }
smtp:
  enabled: true
  host: "$gateway"
  serverName: localhost
  port: $mail_port
  username: teleport
  passwordFromSecret: smtp
  rootCas: /etc/teleport-email/ca/ca.pem
delivery: { sender: teleport@example.com }
roleToRecipients: { "*": all@example.com }
volumes: [{ name: mail-ca, configMap: { name: mail-ca } }]
volumeMounts: [{ name: mail-ca, mountPath: /etc/teleport-email/ca }]
EOF
if [ -n "$before" ]; then
  helm install email "$before" --values "$sim/values.yaml" --wait --timeout 3m
fi
helm upgrade --install email "$chart" --values "$sim/values.yaml" --wait --timeout 3m
helm test email --logs --timeout 3m
kubectl exec deployment/email-teleport-plugin-email -- /usr/local/bin/teleport-plugin status
