"""The `b24` command, the one the others are compared with."""

import json
import os
import subprocess

COMMAND = os.environ["COMPAT_B24"]


def b24(*arguments, stdin=None):
    done = subprocess.run(
        [COMMAND, "--quiet", *arguments], input=stdin, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


me = json.loads(b24("call", "user.current"))
fields = "ID,TITLE,STAGE_ID,OPPORTUNITY,DATE_CREATE"
rows = b24("export", "crm.deal.list", "--select", fields, "--format", "jsonl")
deals = [json.loads(row) for row in rows.splitlines()]
deal_id = deals[0]["ID"]
item = json.loads(b24("call", "crm.item.get", "entityTypeId=2", f"id={deal_id}"))
commands = [
    {"method": "user.current"},
    {"method": "crm.deal.get", "params": {"id": deal_id}},
    {"method": "crm.contact.list", "params": {"select": ["ID", "NAME"], "order": {"ID": "ASC"}}},
]
lines = b24("batch", "-", stdin="".join(json.dumps(command) + "\n" for command in commands))
outcomes = [json.loads(line) for line in lines.splitlines()]
batch = {
    name: outcome["result"] for name, outcome in zip(["me", "deal", "contacts"], outcomes, strict=True)
}

print(
    json.dumps(
        {
            "version": b24("--version").split()[-1],
            "call": {"me": me, "item": item},
            "list": deals,
            "batch": batch,
        }
    )
)
