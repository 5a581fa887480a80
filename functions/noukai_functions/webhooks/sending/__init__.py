"""The sending of events to webhook endpoints, from the end of a job to the record of its delivery."""
