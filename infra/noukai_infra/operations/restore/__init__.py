"""The restoration of tables to a point in time.

DynamoDB restores into a new table, which has the rows and indexes of the old one, and neither its name nor
its stream, time to live, recovery, tags or protection. So each table is restored beside the one in use, whose
rows are then made those of the copy. To delete the table and to restore under its name would be faster for a
large one, and would give up three things:

- the table's history: while it stays, the moment before a restoration can be restored, too;
- its stream: a new one has another ARN, which CloudFormation does not notice, so that the mapping that reads
  it would have to be replaced behind the stack's back;
- safety: no step here leaves the deployment without a table.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""
