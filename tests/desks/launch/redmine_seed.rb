# Fills a migrated, empty Redmine for federation tests and prints what it made, as JSON on the last line.
# Run by `rails runner` in a process of its own: in the one that migrated, the cached schema is stale and loading fails.
Redmine::DefaultData::Loader.load('en')
Setting.rest_api_enabled = '1'
Setting.mail_handler_api_enabled = '1'
Setting.mail_handler_api_key = 'mail-key-of-the-tests'
Setting.default_language = 'en'
Setting.notified_events = [] # mails go out in a second thread, and two cannot share SQLite (redmine.py says why)

def person(login)
  user = User.find_by_login(login) || User.new(:mail => "#{login}@redmine.test", :firstname => login.capitalize, :lastname => 'Agent')
  user.login = login
  user.password = user.password_confirmation = "#{login}-Secret1"
  user.must_change_passwd = false
  user.status = User::STATUS_ACTIVE
  user.save!
  user
end

people = %w(fedbot alice bob admin).to_h { |login| [login, person(login)] }
IssueStatus.create!(:name => 'Waiting', :is_closed => false)

names = %w(ExternalRef DelegateTo Site Asset Requester Tags Parts Rating VisitFrom VisitUntil OrderNumber Step)
fields = names.to_h do |name|
  field = IssueCustomField.new(:name => name, :field_format => 'string', :is_for_all => true, :is_filter => true,
                               :searchable => true, :visible => true)
  field.trackers = Tracker.all
  field.save!
  [name, field.id]
end

project = Project.new(:name => 'Federation', :identifier => 'federation', :is_public => false)
project.enabled_module_names = %w(issue_tracking time_tracking)
project.trackers = Tracker.all
project.save!

# Deliberately without :delete_issues: a service account that may delete is one mistake away from losing tickets.
role = Role.new(:name => 'Federation', :issues_visibility => 'all', :assignable => true)
role.permissions = [:view_project, :view_issues, :add_issues, :edit_issues, :edit_own_issues, :add_issue_notes,
                    :edit_own_issue_notes, :view_private_notes, :set_notes_private, :set_issues_private,
                    :add_issue_watchers, :view_issue_watchers, :manage_issue_relations, :manage_subtasks,
                    :view_time_entries, :log_time]
role.save!
unknown = role.permissions.reject { |name| Redmine::AccessControl.permission(name) }
raise "no such permission: #{unknown}" if unknown.any?

ids = IssueStatus.pluck(:id)
moves = Tracker.all.to_a.product([0] + ids, ids)
moves.each do |tracker, from, to|
  WorkflowTransition.create!(:role_id => role.id, :tracker_id => tracker.id, :old_status_id => from, :new_status_id => to)
end
%w(fedbot alice bob).each { |login| Member.create!(:user => people[login], :project => project, :roles => [role]) }

puts({
  :project => project.id, :fields => fields,
  :keys => people.transform_values(&:api_key), :users => people.transform_values(&:id),
  :statuses => IssueStatus.order(:position).pluck(:name, :id).to_h,
  :closed => IssueStatus.where(:is_closed => true).pluck(:name).sort,
  :trackers => Tracker.order(:position).pluck(:name, :id).to_h,
  :priorities => IssuePriority.order(:position).pluck(:name, :id).to_h,
}.to_json)
