"""From outcomes to people: incidents, tickets, notices (the issue "Escalation" builds it)."""
